package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn"
)

const actionRecognition = "action-recognition"

func newFinetune() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "finetune [RUN]",
		Short: "train encoder and classifier on labels, from a run or from scratch",
		Long: `Trains the encoder and a linear classifier on the labels of split train, from the
weights of a pretrained run, or from scratch where none is given, and reports
on split test, the softmax of several clips of a video averaged.`,
		Example: `  clvid finetune RUN --labels-per-class 2 --draws 3
  clvid finetune --config weizmann --data weizmann --out scratch
  clvid finetune --task action-recognition --init-from RUN --data weizmann --out tuned`,
		Args: cobra.MaximumNArgs(1),
	}
	f := addEvalFlags(cmd)
	addFewShotFlags(cmd, f)
	for _, shown := range []string{"resume", "steps", "epochs", "batch", "task", "check", "checkpoint-every"} {
		cmd.Flag(shown).Hidden = false
	}
	cmd.Flag("untrained").Hidden = true
	cmd.Flag("out").Usage = "`FOLDER` for weights, log and JSON (default: the JSON alone, into the run's)"
	from := cmd.Flags().String("init-from", "", "`RUN` whose encoder to start from, as the argument")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *from != "" {
			args = append(args, *from)
		}
		cfg, run, err := f.loadFinetune(cmd, args)
		if err != nil {
			return err
		}
		s, err := newSession(cfg, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer s.close()
		report, err := s.finetune(cmd.Context(), run, f.fitSplit, options{resume: f.Resume})
		if err != nil {
			return interruption(err)
		}
		dir := cfg.Out
		if dir == "" {
			dir = run
		}
		return f.finish(cmd, dir, report, report.WriteJSON)
	}
	return cmd
}

// loadFinetune resolves the settings: those of the run, with section finetune
// in place of the pretraining's, and flags above both.
func (f *evalFlags) loadFinetune(cmd *cobra.Command, args []string) (*configs.Config, string, error) {
	if len(args) > 1 {
		return nil, "", usageError{fmt.Errorf("two runs to start from, %s and %s: want one", args[0], args[1])}
	}
	f.untrained = len(args) == 0
	cfg, run, err := f.loadRun(cmd, args)
	if err != nil {
		return nil, "", err
	}
	if !cmd.Flags().Changed("out") {
		cfg.Out = ""
	}
	if cmd.Flags().Changed("task") && cfg.Task != actionRecognition {
		return nil, "", usageError{fmt.Errorf("--task %s: finetune knows %s", cfg.Task, actionRecognition)}
	}
	asFinetune(cfg, cmd.Flags().Changed)
	return cfg, run, cfg.Validate()
}

// asFinetune turns settings of pretraining into those of training with labels.
// Steps, epochs and batch that were given as flags stay.
func asFinetune(cfg *configs.Config, given func(flag string) bool) {
	ft := cfg.Finetune
	steps, batch := ft.Steps, ft.Batch
	if cfg.Eval.LabelsPerClass > 0 {
		steps, batch = ft.FewSteps, ft.FewBatch
	}
	if !given("steps") && !given("epochs") {
		cfg.Steps, cfg.Epochs = steps, 0
	}
	if !given("batch") {
		cfg.Batch = batch
	}
	cfg.Task, cfg.Method = actionRecognition, "supervised"
	cfg.Augment.CropMin, cfg.Augment.ColourStrength = ft.CropMin, ft.ColourStrength
	cfg.Optimizer.LR, cfg.Optimizer.WeightDecay, cfg.Optimizer.WarmupSteps = ft.LR, ft.WeightDecay, ft.WarmupSteps
}

// finetune trains on labels and reports; with few labels once for each draw,
// in a folder of its own where there is one.
func (s *session) finetune(ctx context.Context, run string, fitSplit []string, o options) (*eval.Report, error) {
	fit, report, err := s.labelled(fitSplit)
	if err != nil {
		return nil, err
	}
	fit, bad, err := s.checked(ctx, fit)
	if err != nil {
		return nil, err
	}
	few := eval.FewShot{PerClass: s.cfg.Eval.LabelsPerClass, Draws: s.cfg.Eval.Draws, Seed: s.cfg.Seed}
	if few.PerClass == 0 {
		few.Draws = 1
	}
	var draws []*eval.Report
	for d := range few.Draws {
		r, err := s.finetuneOnce(ctx, run, fit, report, few, d, o)
		if err != nil {
			return nil, err
		}
		for _, b := range bad {
			r.Notes = append(r.Notes, "left out: "+b.Reason)
		}
		draws = append(draws, r)
	}
	if len(draws) == 1 {
		return draws[0], nil
	}
	return eval.MergeDraws(draws)
}

func (s *session) finetuneOnce(ctx context.Context, run string, fit, report *dataset.Set, few eval.FewShot, draw int, o options) (*eval.Report, error) {
	cfg := *s.cfg
	one := *s
	one.cfg = &cfg
	if few.PerClass > 0 {
		var err error
		if fit, err = labelledSubset(fit, few, draw); err != nil {
			return nil, err
		}
		if cfg.Out != "" && few.Draws > 1 {
			cfg.Out = filepath.Join(cfg.Out, fmt.Sprintf("draw-%d", draw))
		}
	}
	cfg.Batch = min(cfg.Batch, len(fit.Items))
	setup, _, err := one.fit(ctx, fit, len(fit.Classes), nil, o, initFrom(run))
	if err != nil {
		return nil, err
	}
	return one.testClassifier(ctx, setup.Env.Store, fit, report, run)
}

// initFrom copies the encoder of a run into a new network; "" leaves it as
// initialised.
func initFrom(run string) func(*nn.Store) error {
	if run == "" {
		return nil
	}
	return func(store *nn.Store) error {
		return eval.Load(filepath.Join(run, train.WeightsFile), store, "encoder.")
	}
}

func labelledSubset(set *dataset.Set, few eval.FewShot, draw int) (*dataset.Set, error) {
	labels := make([]int, len(set.Items))
	for i, item := range set.Items {
		labels[i] = item.Class
	}
	rows, err := few.Subset(labels, draw)
	if err != nil {
		return nil, err
	}
	out := *set
	out.Items = nil
	for _, r := range rows {
		out.Items = append(out.Items, set.Items[r])
	}
	return &out, nil
}

// testClassifier reports a trained classifier on videos.
func (s *session) testClassifier(ctx context.Context, store *nn.Store, fit, report *dataset.Set, run string) (*eval.Report, error) {
	env, err := s.env(nil, s.cfg.Eval.Batch)
	if err != nil {
		return nil, err
	}
	env.Store = store
	net, err := s.network(env, "", "", methods.Classifier(actionRecognition, len(fit.Classes)))
	if err != nil {
		return nil, err
	}
	defer net.Close()
	f, err := eval.Extract(ctx, net, s.decoder, evalItems(report), s.clips(), meanSoftmax)
	if err != nil {
		return nil, err
	}
	scores, err := eval.FromFloat32(len(f.Items), f.D, f.X)
	if err != nil {
		return nil, err
	}
	settings := s.evalSettings(run, map[string]any{
		"init_from": run, "from_scratch": run == "", "fit_videos": len(fit.Items), "test_videos": len(f.Items),
		"steps": s.steps(len(fit.Items)), "batch": s.cfg.Batch, "lr": s.cfg.Optimizer.LR, "weight_decay": s.cfg.Optimizer.WeightDecay,
	})
	r, err := eval.NewReport("finetune", scores, f.Labels(), fit.Classes, settings)
	if err != nil {
		return nil, err
	}
	for _, b := range f.Bad {
		r.Notes = append(r.Notes, "left out: "+b.Reason)
	}
	return r, nil
}

// meanSoftmax averages the class probabilities of the clips of a video.
func meanSoftmax(row []float32, outputs [][]float32) {
	p := make([]float64, len(row))
	for _, logits := range outputs {
		top := math.Inf(-1)
		for _, v := range logits {
			top = max(top, float64(v))
		}
		sum := 0.
		for j, v := range logits {
			p[j] = math.Exp(float64(v) - top)
			sum += p[j]
		}
		for j := range p {
			row[j] += float32(p[j] / sum / float64(len(outputs)))
		}
	}
}
