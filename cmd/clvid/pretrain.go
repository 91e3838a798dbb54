package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/text"
)

func newPretrain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pretrain",
		Short: "learn an encoder from unlabelled video",
		Long: `Learn an encoder from unlabelled video. The run's folder holds config.yaml (all
settings), metrics.jsonl (a line a step), weights.safetensors (the newest
weights), state (what --resume needs) and quarantine.jsonl (files set aside).`,
		Example: `  clvid synth --out synth
  clvid pretrain --task frame-order --data synth --out runs/order
  clvid pretrain --config weizmann --data weizmann --out runs/weizmann --seed 1`,
		Args: cobra.NoArgs,
	}
	flags := addCommonFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o := options{resume: flags.Resume}
		cfg, err := flags.loadRun(cmd, o)
		if err != nil {
			return err
		}
		result, err := pretrain(cmd.Context(), cfg, o, cmd.ErrOrStderr())
		if err != nil {
			return interruption(err)
		}
		if flags.JSON {
			return writeJSON(cmd.OutOrStdout(), result)
		}
		result.show(cmd.OutOrStdout())
		return nil
	}
	return cmd
}

// options are the flags of a run that are no settings.
type options struct {
	resume bool
}

// interruption marks a run that a signal ended, for the exit status.
func interruption(err error) error {
	if errors.Is(err, train.ErrInterrupted) {
		return interrupted{err}
	}
	return err
}

// loadRun resolves the settings of a run. One that resumes keeps those in its
// folder; other ones given beside are an error, as the result would be neither.
func (c *commonFlags) loadRun(cmd *cobra.Command, o options) (*configs.Config, error) {
	cfg, err := c.load(cmd)
	if err != nil || !o.resume || cfg.Out == "" || !exists(filepath.Join(cfg.Out, configFile)) {
		return cfg, err
	}
	kept, err := configs.Load(configs.Source{File: filepath.Join(cfg.Out, configFile), Sections: sections()})
	if err != nil {
		return nil, err
	}
	resumed, err := c.loadOver(cmd, configs.Source{File: filepath.Join(cfg.Out, configFile)})
	if err != nil {
		return nil, err
	}
	if len(c.config) == 0 {
		cfg = resumed
	}
	if cfg.Threads == 0 { // as recorded, whatever machine goes on
		cfg.Threads = kept.Threads
	}
	changed, err := differences(kept, cfg)
	if err != nil {
		return nil, err
	}
	if len(changed) > 0 {
		return nil, usageError{fmt.Errorf("--resume: %s has other settings (%s): leave those out, or start a new run in another --out", cfg.Out, strings.Join(changed, "; "))}
	}
	resumed.Threads = cfg.Threads
	return resumed, nil
}

// outcome is what pretrain prints at its end.
type outcome struct {
	Out            string      `json:"out"`
	Device         string      `json:"device"`
	Videos         int         `json:"videos"`
	Steps          int         `json:"steps"`
	Loss           float64     `json:"loss"`
	Seconds        float64     `json:"seconds"`
	ClipsPerSecond float64     `json:"clips_per_second"`
	PeakRSSBytes   int64       `json:"peak_rss_bytes"`
	SetAside       []media.Bad `json:"set_aside"`
	already        bool
}

func (o *outcome) show(w io.Writer) {
	if o.already {
		fmt.Fprintf(w, "%s is finished: %d steps\n", o.Out, o.Steps)
		return
	}
	fmt.Fprintf(w, "%d steps on %d videos in %s, %.0f clips/s; loss %.3f; peak memory %d MB\n",
		o.Steps, o.Videos, time.Duration(o.Seconds*float64(time.Second)).Round(time.Second), o.ClipsPerSecond, o.Loss, o.PeakRSSBytes>>20)
	if len(o.SetAside) > 0 {
		fmt.Fprintf(w, "%d files set aside, listed in %s:\n", len(o.SetAside), filepath.Join(o.Out, quarantineFile))
		for _, b := range o.SetAside {
			fmt.Fprintf(w, "  %s: %s\n", b.Path, b.Reason)
		}
	}
	fmt.Fprintf(w, "weights: %s\nnext:    clvid eval linear %s\n", filepath.Join(o.Out, train.WeightsFile), o.Out)
}

// pretrain runs one training from settings to weights.
func pretrain(ctx context.Context, cfg *configs.Config, o options, notes io.Writer) (*outcome, error) {
	if done, err := finished(cfg, o); done != nil || err != nil {
		return done, err
	}
	s, err := newSession(cfg, notes)
	if err != nil {
		return nil, err
	}
	defer s.close()
	all, err := s.open()
	if err != nil {
		return nil, err
	}
	set, err := selectForTraining(all, cfg)
	if err != nil {
		return nil, err
	}
	set, bad, err := s.checked(ctx, set)
	if err != nil {
		return nil, err
	}
	_, done, err := s.fit(ctx, set, len(all.Classes), bad, o, nil)
	return done, err
}

// finished answers for a run that has reached its last step.
func finished(cfg *configs.Config, o options) (*outcome, error) {
	if cfg.Out == "" {
		return nil, usageError{errors.New("no folder for the run: name one with --out")}
	}
	if !o.resume {
		return nil, mustBeNew(cfg.Out)
	}
	step, steps, err := train.SavedStep(cfg.Out)
	if err != nil || step == 0 || step < steps {
		return nil, err
	}
	return &outcome{Out: cfg.Out, Steps: step, already: true, SetAside: []media.Bad{}}, nil
}

// selectForTraining picks the rows that a run trains on.
func selectForTraining(all *dataset.Set, cfg *configs.Config) (*dataset.Set, error) {
	set, err := all.Select(dataset.Query{Split: cfg.Split, Where: cfg.Where})
	if err != nil || len(cfg.Split) > 0 {
		return set, err
	}
	return set.PretrainSplit(), nil
}

// fit trains on checked videos, in the run's folder where the settings name
// one, and returns the trained networks beside the summary.
func (s *session) fit(ctx context.Context, set *dataset.Set, classes int, bad []media.Bad, o options, init func(*nn.Store) error) (*setup, *outcome, error) {
	setup, err := s.setup(set, classes)
	if err != nil {
		return nil, nil, err
	}
	setup.Init, setup.Resume = init, o.resume
	out := &outcome{Out: s.cfg.Out, Device: s.backend.Name(), Videos: len(set.Items), SetAside: []media.Bad{}}
	if s.cfg.Out != "" {
		dir, err := openRunDir(s.cfg, o.resume)
		if err != nil {
			return nil, nil, err
		}
		defer dir.close()
		if err := errors.Join(dir.record(bad), dir.saveVocabulary(setup)); err != nil {
			return nil, nil, err
		}
		setup.Dir, setup.Bad = s.cfg.Out, dir.limited(s.cfg.MaxBad, len(set.Items)+len(bad))
		defer func() { out.SetAside = dir.quarantine.List() }()
	}
	fmt.Fprintf(s.notes, "%d videos, %d steps of %d, %s, %s\n", len(set.Items), setup.Steps, s.cfg.Batch, s.cfg.Encoder, s.backend.Name())
	bar := newProgress(s.notes, s.cfg.LogEvery)
	setup.Observer = bar
	result, err := train.Run(ctx, setup.Setup)
	bar.finish()
	if err != nil {
		return nil, nil, err
	}
	out.Steps, out.Loss, out.Seconds, out.PeakRSSBytes = result.Steps, result.Loss, result.Seconds, peakRSS()
	out.ClipsPerSecond = float64(result.Clips) / result.Seconds
	return setup, out, nil
}

// setup is a train.Setup with the vocabulary behind it.
type setup struct {
	train.Setup
	vocabulary *text.Vocabulary
}

// setup builds all that a run on these videos needs.
func (s *session) setup(set *dataset.Set, classes int) (*setup, error) {
	parts, err := s.parts(classes)
	if err != nil {
		return nil, err
	}
	method, err := s.method()
	if err != nil {
		return nil, err
	}
	env, err := s.env(parts, s.cfg.Batch)
	if err != nil {
		return nil, err
	}
	out := &setup{}
	source := &train.Source{Items: trainItems(set), Parts: parts, Decoder: s.decoder, Seed: s.cfg.Seed}
	if needsText(parts) {
		if out.vocabulary, source.Tokenizer, err = s.learnWords(set, env); err != nil {
			return nil, err
		}
	}
	mark, err := fingerprint(s.cfg, set)
	if err != nil {
		return nil, err
	}
	steps := s.steps(len(set.Items))
	if steps < 1 {
		return nil, fmt.Errorf("%d epochs of %d videos make no step of %d: lower --batch", s.cfg.Epochs, len(set.Items), s.cfg.Batch)
	}
	out.Setup = train.Setup{
		Options: train.Options{Steps: steps, Workers: s.cfg.Workers, CheckpointEvery: s.cfg.CheckpointEvery, WatchEvery: s.cfg.LogEvery},
		Env:     env, Method: method, Source: source, Optim: s.cfg.Optimizer, Fingerprint: mark, Metadata: s.metadata(),
	}
	return out, nil
}

// learnWords makes the vocabulary of the captions.
func (s *session) learnWords(set *dataset.Set, env *methods.Env) (*text.Vocabulary, *text.Tokenizer, error) {
	var captions []string
	for _, item := range set.Items {
		if len(item.Captions) == 0 {
			return nil, nil, fmt.Errorf("%s has no caption: task video-text needs a manifest with a column caption", item.Name)
		}
		captions = append(captions, item.Captions...)
	}
	v, err := text.Train(captions, s.cfg.Text.Options())
	if err != nil {
		return nil, nil, err
	}
	s.withText(env, v)
	tok, err := text.NewTokenizer(v, s.cfg.Text.Length)
	return v, tok, err
}

// metadata describes the weights well enough to rebuild the encoder.
func (s *session) metadata() map[string]string {
	return map[string]string{
		"format": "clvid", "encoder": s.cfg.Encoder, "method": s.cfg.Method, "task": s.cfg.Task,
		"input": s.cfg.Clip.Input, "frames": fmt.Sprint(s.cfg.Clip.Frames), "stride": fmt.Sprint(s.cfg.Clip.Stride),
		"size": fmt.Sprint(s.cfg.Clip.Size), "seed": fmt.Sprint(s.cfg.Seed),
		"encoder_width": fmt.Sprint(s.cfg.EncoderOptions.Width), "encoder_pool": fmt.Sprint(s.cfg.EncoderOptions.Pool),
	}
}

// peakRSS is the most memory that the process has held, in bytes.
func peakRSS() int64 {
	var u rusage
	if err := getrusage(&u); err != nil {
		return 0
	}
	return u.Maxrss * 1024 // Linux counts in kB
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
