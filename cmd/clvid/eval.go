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
	"github.com/clvid/clvid/nn"
)

func newEval() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "measure what a trained encoder is worth",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	for _, probe := range eval.Probes() {
		cmd.AddCommand(newEvalProbe(probe.Name, probe.Doc))
	}
	cmd.AddCommand(newEvalRetrieval())
	return cmd
}

// runConfig reads the settings of a run's folder.
func runConfig(run string) ([]byte, error) {
	path := filepath.Join(run, configFile)
	if !exists(path) {
		return nil, fmt.Errorf("%s holds no run: there is no %s in it", run, configFile)
	}
	return os.ReadFile(path)
}

func newEvalProbe(name, doc string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   name + " [RUN]",
		Short: doc,
		Long: "Measures an encoder by the " + doc + ": fits on split train, reports on\nsplit test, prints a table and writes eval-" + name + ".json into the run's folder.\n" +
			"The encoder is that of a run, or of --init-from: a safetensors file, what torch.save\nwrote, or a Hugging Face folder, of which nothing may be missing.",
		Example: "  clvid eval " + name + " RUN\n  clvid eval " + name + " RUN --labels-per-class 2 --draws 10\n" +
			"  clvid eval " + name + " --init-from r3d_18.pth --encoder r3d-18 --data LABELLED\n" +
			"  clvid eval " + name + " --untrained --config synth --data synth --seed 1",
		Args: atMostOneRun,
	}
	f := addEvalFlags(cmd, "init-from", "verbose")
	addFewShotFlags(cmd, f)
	cmd.Flags().BoolVar(&f.untrained, "untrained", false, "the control: --encoder at its initial weights of --seed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.evaluate(cmd, args, f.loadRun, func(s *session, run string) (report, error) {
			reports, err := s.probe(cmd.Context(), run, f.fitSplit, name)
			if err != nil {
				return nil, err
			}
			return reports[0], nil
		})
	}
	return cmd
}

// evaluate resolves the settings, measures a run ("" for none) in a session of
// its own and shows the report.
func (f *evalFlags) evaluate(cmd *cobra.Command, args []string,
	load func(*cobra.Command, []string) (*configs.Config, string, error), measure func(s *session, run string) (report, error)) error {
	cfg, run, err := load(cmd, args)
	if err != nil {
		return err
	}
	s, err := newSession(cfg, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	defer s.close()
	s.verbose = f.Verbose
	r, err := measure(s, run)
	if err != nil {
		return interruption(err)
	}
	dir := cfg.Out
	if dir == "" {
		dir = run
	}
	return f.finish(cmd, dir, r)
}

// finish prints a report, and writes its JSON where there is a folder for it.
func (f *evalFlags) finish(cmd *cobra.Command, dir string, report report) error {
	path := ""
	if dir != "" {
		name := f.name
		if name == "" {
			name = report.ReportName()
		}
		path = filepath.Join(dir, "eval-"+name+".json")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := report.WriteJSON(path); err != nil {
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

// report is what every evaluation returns.
type report interface {
	fmt.Stringer
	ReportName() string
	WriteJSON(path string) error
}

// atMostOneRun accepts the folder of a run, or nothing.
func atMostOneRun(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError{fmt.Errorf("%s: %d arguments, want at most one run", cmd.CommandPath(), len(args))}
	}
	return nil
}

// probe measures an encoder, of a run or, where run is "", of the settings, by
// the named probes on the same features.
func (s *session) probe(ctx context.Context, run string, fitSplit []string, names ...string) ([]*eval.Report, error) {
	fit, report, heldOut, err := s.labelled(fitSplit)
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
		settings := s.evalSettings(run, map[string]any{"averaged": "features", "fit_split": fitSplit, "fit_videos": len(x.Items), "test_videos": len(y.Items)})
		probe, err := eval.Probes().Lookup("evaluation", name)
		if err != nil {
			return nil, err
		}
		own := eval.ProbeSettings{K: e.KNN, KNNTemperature: e.KNNTemperature, LinearC: e.LinearC}
		maps.Copy(settings, probe.Used(own))
		r, err := eval.RunProbe(name, probe.New(own), x, y, fit.Classes, few, settings)
		if err != nil {
			return nil, err
		}
		r.Notes = append(r.Notes, s.notesFor(heldOut, x, y)...)
		out = append(out, r)
	}
	return out, nil
}

// notesFor tells readers of a report what is unusual about its data.
func (s *session) notesFor(heldOut bool, used ...*eval.Features) []string {
	var out []string
	if heldOut {
		out = append(out, heldOutNote)
	}
	for _, f := range used {
		for _, b := range f.Bad {
			out = append(out, fmt.Sprintf("left out: %s: %s", b.Path, b.Reason))
		}
		for _, b := range f.Moved {
			out = append(out, fmt.Sprintf("clips cut away from damage: %s: %s", b.Path, b.Reason))
		}
	}
	return out
}

// evalSettings are what a reader needs to repeat an evaluation.
func (s *session) evalSettings(run string, more map[string]any) map[string]any {
	out := map[string]any{
		"encoder": s.cfg.Encoder, "untrained": run == "" && s.cfg.InitFrom == "", "run": run, "init_from": s.cfg.InitFrom, "data": s.cfg.Data, "split": s.reportSplit(), "where": s.cfg.Where,
		"seed": s.cfg.Seed, "clips": s.cfg.Eval.Clips, "crops": s.cfg.Eval.Crops, "sampler": s.cfg.Clip.Sampler, "input": s.cfg.Clip.Input, "frames": s.cfg.Clip.Frames,
		"stride": s.cfg.Clip.Stride, "frame_rate": s.cfg.Clip.FrameRate, "size": s.cfg.Clip.Size,
		"encoder_options": encoderOptions(s.cfg),
		"eval_batch":      s.cfg.Eval.Batch, "threads": s.cfg.Threads, "precision": s.cfg.Precision, "device": s.backend.Name(),
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

// holdOutEvery is the share of a set without splits that is tested on: every
// fourth video.
const holdOutEvery = 4

const heldOutNote = "the data has no splits: every fourth video of a class, in order of names, was tested on, the others fitted on"

// labelled selects the videos to fit on and to report. A set without splits is
// split here, which heldOut tells.
func (s *session) labelled(fitSplit []string) (fit, report *dataset.Set, heldOut bool, err error) {
	all, err := s.open()
	if err != nil {
		return nil, nil, false, err
	}
	if len(all.Classes) == 0 {
		return nil, nil, false, fmt.Errorf("%s has no labels: name a set that has with --data: a folder for each class, or a manifest with a column label", s.cfg.Data)
	}
	if heldOut = len(all.Splits()) == 0; heldOut {
		if all, err = all.HoldOut(holdOutEvery); err != nil {
			return nil, nil, false, err
		}
	}
	if fit, err = all.Select(dataset.Query{Split: fitSplit, Where: s.cfg.Where}); err != nil {
		return nil, nil, false, fmt.Errorf("videos to fit on, by --fit-split: %w", err)
	}
	if report, err = all.Select(dataset.Query{Split: s.reportSplit(), Where: s.cfg.Where}); err != nil {
		return nil, nil, false, err
	}
	return fit, report, heldOut, errors.Join(allLabelled(fit), allLabelled(report))
}

func allLabelled(set *dataset.Set) error {
	for _, item := range set.Items {
		if item.Class < 0 {
			return fmt.Errorf("%s: %s has no label: give it one, or leave it out with --split or --where", set.Root, item.Name)
		}
	}
	return nil
}

// encoderNetwork compiles the encoder of a run, or where run is "" the one of
// --init-from or an untrained one.
func (s *session) encoderNetwork(run string) (*methods.Network, error) {
	env, err := s.env(nil, s.cfg.Eval.Batch)
	if err != nil {
		return nil, err
	}
	net, err := s.network(env, run, methods.EncoderPrefix, methods.Backbone)
	if err != nil || run != "" || s.cfg.InitFrom == "" {
		return net, err
	}
	if err := s.startFrom(env.Store); err != nil {
		return nil, errors.Join(err, net.Close())
	}
	return net, nil
}

// startFrom fills an encoder that is going to be measured: all of it.
func (s *session) startFrom(store *nn.Store) error {
	init, err := openInitial(s.cfg)
	if err != nil {
		return err
	}
	defer init.close()
	init.whole = true
	if err := init.fill(store); err != nil {
		return err
	}
	init.tell(s.notes, s.verbose)
	return nil
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
	return eval.Clips{Config: s.cfg.Clip, PerItem: s.cfg.Eval.Clips, Crops: s.cfg.Eval.Crops, Workers: s.cfg.Workers}
}

func evalItems(set *dataset.Set) []eval.Item {
	out := make([]eval.Item, len(set.Items))
	for i, item := range set.Items {
		out[i] = eval.Item{Path: item.Path, Name: item.Name, Class: item.Class, Captions: item.Captions, Start: item.Start, End: item.End}
	}
	return out
}
