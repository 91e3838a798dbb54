package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/methods/train"
)

func newEval() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "measure what a trained encoder is worth",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newEvalProbe("knn", "vote of the nearest labelled videos"),
		newEvalProbe("linear", "logistic regression on frozen features"), newEvalRetrieval())
	return cmd
}

// evalFlags are the flags of all evaluations.
type evalFlags struct {
	*commonFlags
	untrained      bool
	fitSplit       []string
	clips          int
	labelsPerClass int
	draws          int
}

func addEvalFlags(cmd *cobra.Command) *evalFlags {
	f := &evalFlags{commonFlags: addCommonFlags(cmd)}
	for _, hidden := range []string{"resume", "epochs", "steps", "checkpoint-every", "check", "task", "method", "batch"} {
		_ = cmd.Flags().MarkHidden(hidden) // the flag exists: addCommonFlags made it
	}
	cmd.Flag("split").Usage = "`NAME,…` of splits to report (default: test)"
	cmd.Flag("out").Usage = "`FOLDER` for the JSON (default: the run's)"
	cmd.Flags().BoolVar(&f.untrained, "untrained", false, "the control: --encoder at its initial weights of --seed")
	cmd.Flags().IntVar(&f.clips, "clips", 0, "`N` evenly spaced clips of a video to average")
	return f
}

func addFewShotFlags(cmd *cobra.Command, f *evalFlags) {
	cmd.Flags().StringSliceVar(&f.fitSplit, "fit-split", []string{"train"}, "`NAME,…` of splits to fit on")
	cmd.Flags().IntVar(&f.labelsPerClass, "labels-per-class", 0, "`K` labelled videos of each class (default: all)")
	cmd.Flags().IntVar(&f.draws, "draws", 0, "`D` repetitions with other labels")
}

// loadRun resolves the settings of an evaluation: those of the run, or with
// untrained those of the flags alone. Where and split of the run's training do
// not carry over.
func (f *evalFlags) loadRun(cmd *cobra.Command, args []string) (cfg *configs.Config, run string, err error) {
	source := configs.Source{}
	switch {
	case len(args) == 1 && f.untrained:
		return nil, "", usageError{errors.New("both a run and --untrained: want one")}
	case len(args) == 1:
		run = args[0]
		if source.File, err = runConfig(run); err != nil {
			return nil, "", err
		}
	case !f.untrained:
		return nil, "", usageError{errors.New("no run: name its folder, or measure the control with --untrained")}
	}
	if cfg, err = f.loadOver(cmd, source); err != nil {
		return nil, "", err
	}
	if !cmd.Flags().Changed("split") {
		cfg.Split = nil
	}
	if !cmd.Flags().Changed("where") {
		cfg.Where = nil
	}
	if !cmd.Flags().Changed("out") {
		cfg.Out = run
	}
	f.override(cmd, cfg)
	return cfg, run, cfg.Validate()
}

// override applies the flags that name settings of section eval.
func (f *evalFlags) override(cmd *cobra.Command, cfg *configs.Config) {
	for name, to := range map[string]*int{"clips": &cfg.Eval.Clips, "labels-per-class": &cfg.Eval.LabelsPerClass, "draws": &cfg.Eval.Draws} {
		if flag := cmd.Flag(name); flag != nil && flag.Changed {
			*to, _ = cmd.Flags().GetInt(name)
		}
	}
}

// runConfig is the settings file of a run's folder.
func runConfig(run string) (string, error) {
	path := filepath.Join(run, configFile)
	if !exists(path) {
		return "", fmt.Errorf("%s holds no run: there is no %s in it", run, configFile)
	}
	return path, nil
}

func newEvalProbe(name, doc string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name + " [RUN]",
		Short: doc,
		Long:  "Measures an encoder by the " + doc + ": fits on split train, reports on\nsplit test, prints a table and writes eval-" + name + ".json into the run's folder.",
		Example: "  clvid eval " + name + " RUN\n  clvid eval " + name + " RUN --labels-per-class 2 --draws 10\n" +
			"  clvid eval " + name + " --untrained --config synth --data synth --seed 1",
		Args: cobra.MaximumNArgs(1),
	}
	f := addEvalFlags(cmd)
	addFewShotFlags(cmd, f)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, run, err := f.loadRun(cmd, args)
		if err != nil {
			return err
		}
		s, err := newSession(cfg, cmd.ErrOrStderr())
		if err != nil {
			return err
		}
		defer s.close()
		reports, err := s.probe(cmd.Context(), run, f.fitSplit, name)
		if err != nil {
			return err
		}
		return f.finish(cmd, cfg.Out, reports[0], reports[0].WriteJSON)
	}
	return cmd
}

// finish prints a report, and writes its JSON where there is a folder for it.
func (f *evalFlags) finish(cmd *cobra.Command, dir string, report fmt.Stringer, write func(string) error) error {
	path := ""
	if dir != "" {
		path = filepath.Join(dir, "eval-"+reportName(report)+".json")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := write(path); err != nil {
			return err
		}
	}
	if f.JSON {
		return writeJSON(cmd.OutOrStdout(), report)
	}
	fmt.Fprintln(cmd.OutOrStdout(), report)
	if path != "" {
		fmt.Fprintf(cmd.OutOrStdout(), "written to %s\n", path)
	}
	return nil
}

func reportName(report any) string {
	switch r := report.(type) {
	case *eval.Report:
		return r.Name
	case *eval.RetrievalReport:
		return r.Name
	}
	return "result"
}

// probe measures an encoder, of a run or untrained where run is "", by the
// named probes on the same features.
func (s *session) probe(ctx context.Context, run string, fitSplit []string, names ...string) ([]*eval.Report, error) {
	fit, report, err := s.labelled(fitSplit)
	if err != nil {
		return nil, err
	}
	net, err := s.encoderNetwork(run)
	if err != nil {
		return nil, err
	}
	defer net.Close()
	x, err := s.features(ctx, net, fit, "features of "+list(fitSplit))
	if err != nil {
		return nil, err
	}
	y, err := s.features(ctx, net, report, "features of "+list(s.reportSplit()))
	if err != nil {
		return nil, err
	}
	var out []*eval.Report
	for _, name := range names {
		e := s.cfg.Eval
		few := eval.FewShot{PerClass: e.LabelsPerClass, Draws: e.Draws, Seed: s.cfg.Seed}
		settings := s.evalSettings(run, map[string]any{"fit_split": fitSplit, "fit_videos": len(x.Items), "test_videos": len(y.Items)})
		r, err := eval.RunProbe(name, s.probeOf(name, settings), x, y, fit.Classes, few, settings)
		if err != nil {
			return nil, err
		}
		for _, b := range append(x.Bad, y.Bad...) {
			r.Notes = append(r.Notes, "left out: "+b.Reason)
		}
		out = append(out, r)
	}
	return out, nil
}

func (s *session) probeOf(name string, settings map[string]any) eval.Probe {
	e := s.cfg.Eval
	if name == "knn" {
		maps.Copy(settings, map[string]any{"k": e.KNN, "temperature": e.KNNTemperature})
		return eval.KNNProbe(eval.KNNConfig{K: e.KNN, Temperature: e.KNNTemperature})
	}
	settings["c"] = e.LinearC
	c := eval.DefaultLinearConfig()
	c.C = e.LinearC
	return eval.LinearProbe(c)
}

// evalSettings are what a reader needs to repeat an evaluation.
func (s *session) evalSettings(run string, more map[string]any) map[string]any {
	out := map[string]any{
		"encoder": s.cfg.Encoder, "untrained": run == "", "run": run, "data": s.cfg.Data, "split": s.reportSplit(), "where": s.cfg.Where,
		"seed": s.cfg.Seed, "clips": s.cfg.Eval.Clips, "input": s.cfg.Clip.Input, "frames": s.cfg.Clip.Frames,
		"stride": s.cfg.Clip.Stride, "size": s.cfg.Clip.Size,
		"labels_per_class": s.cfg.Eval.LabelsPerClass, "draws": s.cfg.Eval.Draws,
	}
	maps.Copy(out, more)
	return out
}

func (s *session) reportSplit() []string {
	if len(s.cfg.Split) > 0 {
		return s.cfg.Split
	}
	return []string{"test"}
}

// labelled selects the videos to fit on and to report.
func (s *session) labelled(fitSplit []string) (fit, report *dataset.Set, err error) {
	all, err := s.open()
	if err != nil {
		return nil, nil, err
	}
	if len(all.Classes) == 0 {
		return nil, nil, fmt.Errorf("%s has no labels: want a folder for each class, or a manifest with a column label", s.cfg.Data)
	}
	if fit, err = all.Select(dataset.Query{Split: fitSplit, Where: s.cfg.Where}); err != nil {
		return nil, nil, err
	}
	report, err = all.Select(dataset.Query{Split: s.reportSplit(), Where: s.cfg.Where})
	for _, set := range []*dataset.Set{fit, report} {
		if set == nil {
			continue
		}
		for _, item := range set.Items {
			if item.Class < 0 && err == nil {
				err = fmt.Errorf("%s: %s has no label: give it one, or leave it out with --split or --where", s.cfg.Data, item.Name)
			}
		}
	}
	return fit, report, err
}

// encoderNetwork compiles the encoder of a run, or an untrained one.
func (s *session) encoderNetwork(run string) (*methods.Network, error) {
	env, err := s.env(nil, s.cfg.Eval.Batch)
	if err != nil {
		return nil, err
	}
	return s.network(env, run, "encoder.", methods.Backbone)
}

// network compiles a tower over clips with the weights of a run, "" for
// initial ones.
func (s *session) network(env *methods.Env, run, prefix string, tower methods.ClipTower) (*methods.Network, error) {
	net, err := methods.NewClipNetwork(env, tower)
	if err != nil || run == "" {
		return net, err
	}
	if err := eval.Load(filepath.Join(run, train.WeightsFile), env.Store, prefix); err != nil {
		return nil, errors.Join(err, net.Close())
	}
	return net, nil
}

// features runs a network on the clips of a set and averages those of a video.
func (s *session) features(ctx context.Context, net *methods.Network, set *dataset.Set, what string) (*eval.Features, error) {
	bar := newCounter(s.notes, what, len(set.Items))
	defer bar.done()
	return eval.Extract(ctx, net, s.decoder, evalItems(set), s.clips(), eval.Mean)
}

func (s *session) clips() eval.Clips {
	return eval.Clips{Config: s.cfg.Clip, PerItem: s.cfg.Eval.Clips, Workers: s.cfg.Workers}
}

func evalItems(set *dataset.Set) []eval.Item {
	out := make([]eval.Item, len(set.Items))
	for i, item := range set.Items {
		out[i] = eval.Item{Path: item.Path, Name: item.Name, Class: item.Class, Captions: item.Captions}
	}
	return out
}
