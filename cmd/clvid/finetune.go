package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/nn"
)

// What fine-tuning trains by.
const (
	actionRecognition = "action-recognition"
	supervised        = "supervised"
)

func newFinetune() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "finetune [RUN]",
		Short: "train encoder and classifier on labels, from a run or from scratch",
		Long: `Trains the encoder and a linear classifier on the labels of split train, from the
weights of a pretrained run, or from scratch where none is given, and reports
on split test, the softmax of several clips of a video averaged.`,
		Example: `  clvid finetune RUN --labels-per-class 2 --draws 3
  clvid finetune --config weizmann --data weizmann --out scratch
  clvid finetune --init-from r3d_18.pth --encoder r3d-18 --data weizmann --out tuned`,
		Args: atMostOneRun,
	}
	f := addEvalFlags(cmd, "init-from", "verbose", "task", "steps", "epochs", "batch", "check", "checkpoint-every", "resume")
	addFewShotFlags(cmd, f)
	cmd.Flag("out").Usage = "`FOLDER` for weights, log and JSON (default: the JSON alone, into the run's)"
	cmd.Flag("task").Usage = "`TASK` to train on: action-recognition alone"
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.evaluate(cmd, args, f.loadFinetune, func(s *session, _ string) (report, error) {
			r, err := s.finetune(cmd.Context(), f.fitSplit, options{resume: f.Resume})
			if err != nil {
				return nil, err
			}
			return r, nil
		})
	}
	return cmd
}

// loadFinetune resolves the settings: those of the run, or of --config, with
// section finetune in place of the pretraining's, and environment and flags
// above both.
func (f *evalFlags) loadFinetune(cmd *cobra.Command, args []string) (*configs.Config, string, error) {
	args, err := f.runGiven(cmd, args)
	if err != nil {
		return nil, "", err
	}
	f.fromScratch = len(args) == 0
	merged, run, err := f.loadRun(cmd, args)
	if err != nil {
		return nil, "", err
	}
	below, err := f.below(run, merged.InitFrom)
	if err != nil {
		return nil, "", err
	}
	below.Eval, below.Finetune = merged.Eval, merged.Finetune
	asFinetune(below)
	yaml, err := below.YAML()
	if err != nil {
		return nil, "", err
	}
	flags := *f.commonFlags
	flags.config = nil // it is in below
	cfg, err := flags.loadOver(cmd, configs.Source{Base: yaml})
	if err != nil {
		return nil, "", err
	}
	if cfg.Task != actionRecognition || cfg.Method != supervised {
		return nil, "", usageError{fmt.Errorf("task %s by method %s: finetune knows %s by %s", cfg.Task, cfg.Method, actionRecognition, supervised)}
	}
	if run != "" {
		cfg.InitFrom = run
	}
	cfg.Eval, cfg.Split, cfg.Where = merged.Eval, merged.Split, merged.Where
	if cfg.Out = merged.Out; merged.Out == run {
		cfg.Out = "" // the run's own folder takes the JSON alone
	}
	return cfg, run, f.keepThreads(cfg)
}

// below are the settings under environment and flags, of a run or of weights to
// start from, "" for neither.
func (f *evalFlags) below(run, initFrom string) (*configs.Config, error) {
	source := configs.Source{Sections: sections()}
	if initFrom != "" {
		source.Base = encoderSettings(initFrom)
	}
	if run != "" {
		base, err := runConfig(run)
		if err != nil {
			return nil, err
		}
		source.Base = base
	}
	for _, arg := range f.config {
		if err := source.Use(arg); err != nil {
			return nil, usageError{err}
		}
	}
	return configs.Load(source)
}

// keepThreads takes the number of threads of a run that is resumed, unless one
// is given.
func (f *evalFlags) keepThreads(cfg *configs.Config) error {
	if !f.Resume || cfg.Threads != 0 || cfg.Out == "" {
		return nil
	}
	for _, dir := range []string{cfg.Out, drawFolder(cfg.Out, 0)} {
		if !exists(filepath.Join(dir, configFile)) {
			continue
		}
		kept, err := keptSettings(dir)
		if err == nil {
			cfg.Threads = kept.Threads
		}
		return err
	}
	return nil
}

// asFinetune turns settings of pretraining into those of training with labels.
func asFinetune(cfg *configs.Config) {
	ft := cfg.Finetune
	cfg.Steps, cfg.Epochs, cfg.Batch = ft.Steps, 0, ft.Batch
	if cfg.Eval.LabelsPerClass > 0 {
		cfg.Steps, cfg.Batch = ft.FewSteps, ft.FewBatch
	}
	cfg.Task, cfg.Method = actionRecognition, supervised
	cfg.Augment.CropMin, cfg.Augment.ColourStrength = ft.CropMin, ft.ColourStrength
	cfg.Optimizer.LR, cfg.Optimizer.WeightDecay, cfg.Optimizer.WarmupSteps = ft.LR, ft.WeightDecay, ft.WarmupSteps
	cfg.Optimizer.Accumulate = 0 // finetune.batch is the whole of a step
}

// drawFolder holds one repetition of fine-tuning on few labels.
func drawFolder(out string, draw int) string {
	return filepath.Join(out, fmt.Sprintf("draw-%d", draw))
}

// finetune trains on labels and reports; with few labels once for each draw,
// in a folder of its own where there is one.
func (s *session) finetune(ctx context.Context, fitSplit []string, o options) (*eval.Report, error) {
	few := eval.FewShot{PerClass: s.cfg.Eval.LabelsPerClass, Draws: s.cfg.Eval.Draws, Seed: s.cfg.Seed}
	if few.PerClass == 0 {
		few.Draws = 1
	}
	if err := s.mayFinetune(few, o); err != nil {
		return nil, err
	}
	fit, report, heldOut, err := s.labelled(fitSplit)
	if err != nil {
		return nil, err
	}
	fit, bad, err := s.usable(ctx, fit, o.resume && few.Draws == 1)
	if err != nil {
		return nil, err
	}
	var draws []*eval.Report
	for d := range few.Draws {
		r, err := s.finetuneOnce(ctx, fit, report, few, d, bad, o)
		if err != nil {
			return nil, err
		}
		r.Notes = append(r.Notes, s.notesFor(heldOut)...)
		for _, b := range bad {
			r.Notes = append(r.Notes, fmt.Sprintf("%s: %s: %s", b.Use(), b.Path, b.Reason))
		}
		draws = append(draws, r)
	}
	if len(draws) == 1 {
		return draws[0], nil
	}
	return eval.MergeDraws(draws)
}

// mayFinetune looks at the folder before anything is decoded.
func (s *session) mayFinetune(few eval.FewShot, o options) error {
	out := s.cfg.Out
	switch {
	case out == "":
		return nil
	case few.Draws == 1:
		return mayStart(out, o.resume)
	case o.resume && !exists(filepath.Join(out, configFile)):
		return nil // each draw has a run of its own in it
	case o.resume:
		return fmt.Errorf("%s holds one run, not the draws of one: name another --out", out)
	}
	return mayStart(out, false)
}

func (s *session) finetuneOnce(ctx context.Context, fit, report *dataset.Set, few eval.FewShot, draw int, bad []media.Bad, o options) (*eval.Report, error) {
	cfg := *s.cfg
	one := *s
	one.cfg = &cfg
	if few.PerClass > 0 {
		var err error
		if fit, err = labelledSubset(fit, few, draw); err != nil {
			return nil, err
		}
		if cfg.Out != "" && few.Draws > 1 {
			cfg.Out = drawFolder(cfg.Out, draw)
		}
	}
	cfg.Batch = min(cfg.Batch, len(fit.Items))
	setup, _, err := one.fit(ctx, fit, len(fit.Classes), bad, o)
	if err != nil {
		return nil, err
	}
	return one.testClassifier(ctx, setup.Env.Store, fit, report)
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
func (s *session) testClassifier(ctx context.Context, store *nn.Store, fit, report *dataset.Set) (*eval.Report, error) {
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
	settings := s.evalSettings("", map[string]any{
		"averaged": "softmax probabilities", "from_scratch": s.cfg.InitFrom == "", "fit_videos": len(fit.Items), "test_videos": len(f.Items),
		"steps": s.steps(len(fit.Items)), "batch": s.cfg.Batch, "lr": s.cfg.Optimizer.LR, "weight_decay": s.cfg.Optimizer.WeightDecay,
		"crop_min": s.cfg.Augment.CropMin, "colour_strength": s.cfg.Augment.ColourStrength, "flip": s.cfg.Augment.Flip,
	})
	r, err := eval.NewReport("finetune", scores, f.Labels(), fit.Classes, settings)
	if err != nil {
		return nil, err
	}
	r.Notes = append(r.Notes, s.notesFor(false, f)...)
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
