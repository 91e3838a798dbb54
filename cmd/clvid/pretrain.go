package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/text"
)

func newPretrain() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pretrain",
		Short: "learn an encoder from unlabelled video",
		Long: `Learn an encoder from unlabelled video. The run's folder holds config.yaml (all
settings), metrics.jsonl (a line a step), weights.safetensors (the newest
weights), state (what --resume needs) and quarantine.jsonl (files set aside).

--init-from starts from weights instead of random numbers: a run, a safetensors
file, what torch.save wrote, or a Hugging Face folder. What was found in it and
what not is in init.json. A run that is resumed does not need them any more.`,
		Example: `  clvid synth --out synth
  clvid pretrain --task frame-order --data synth --out runs/order
  clvid pretrain --config weizmann --data weizmann --out runs/weizmann --seed 1
  clvid pretrain --init-from r3d_18.pth --encoder r3d-18 --data DIR --out runs/more`,
		Args: noArgs,
	}
	flags := addCommonFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o := options{resume: flags.Resume, verbose: flags.Verbose}
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
	resume  bool
	verbose bool // about --init-from
}

// interruption marks what a signal ended, for the exit status.
func interruption(err error) error {
	switch {
	case errors.Is(err, train.ErrInterrupted):
		return interrupted{err}
	case errors.Is(err, context.Canceled):
		return cancelled{fmt.Errorf("interrupted before anything was there to save: %w", err)}
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
	kept, err := keptSettings(cfg.Out)
	if err != nil {
		return nil, err
	}
	base, err := runConfig(cfg.Out)
	if err != nil {
		return nil, err
	}
	resumed, err := c.loadOver(cmd, configs.Source{Base: base})
	if err != nil {
		return nil, err
	}
	if len(c.config) == 0 {
		cfg = resumed
	}
	if cfg.Threads == 0 { // as recorded, whatever machine goes on
		cfg.Threads = kept.Threads
	}
	if !cfg.Given["batch"] && kept.Batch < cfg.Batch { // lowered at the start, to the number of videos
		cfg.Batch = kept.Batch
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

// keptSettings are those in a run's folder.
func keptSettings(run string) (*configs.Config, error) {
	base, err := runConfig(run)
	if err != nil {
		return nil, err
	}
	return configs.Load(configs.Source{Base: base, Sections: sections()})
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
	DataWait       float64     `json:"data_wait"` // share of the time
	PeakRSSBytes   int64       `json:"peak_rss_bytes"`
	SetAside       []media.Bad `json:"set_aside"`
	UsedInPart     []media.Bad `json:"used_in_part"`
	Finished       bool        `json:"finished"` // its last step is done
	before         bool        // it was finished before: nothing was left to do
	unlabelled     bool        // its data has no labels to evaluate on
	files          int         // of the data, those set aside too
}

func (o *outcome) show(w io.Writer) {
	if o.before {
		fmt.Fprintf(w, "%s is finished: %d steps\n", o.Out, o.Steps)
		return
	}
	fmt.Fprintf(w, "%d steps on %d videos in %s, %.0f clips/s, %.1f %% of the time waiting for data; loss %.3f; peak memory %d MB\n",
		o.Steps, o.Videos, time.Duration(o.Seconds*float64(time.Second)).Round(time.Second), o.ClipsPerSecond, 100*o.DataWait, o.Loss, o.PeakRSSBytes>>20)
	if broken := append(slices.Clone(o.SetAside), o.UsedInPart...); len(broken) > 0 {
		fmt.Fprintf(w, "%s; see %s\n", media.Counts(broken, o.files), filepath.Join(o.Out, quarantineFile))
	}
	next := "linear"
	if exists(filepath.Join(o.Out, vocabularyFile)) {
		next = "retrieval"
	}
	other := ""
	if o.unlabelled && next == "linear" {
		other = " --data LABELLED"
	}
	fmt.Fprintf(w, "weights: %s\nnext:    clvid eval %s %s%s\n", filepath.Join(o.Out, train.WeightsFile), next, o.Out, other)
}

// pretrain runs one training from settings to weights.
func pretrain(ctx context.Context, cfg *configs.Config, o options, notes io.Writer) (*outcome, error) {
	if cfg.Out == "" {
		return nil, usageError{errors.New("no folder for the run: name one with --out")}
	}
	if err := mayStart(cfg.Out, o.resume); err != nil {
		return nil, err
	}
	if done, err := finished(cfg.Out, o); done != nil || err != nil {
		return done, err
	}
	s, err := newSession(cfg, notes)
	if err != nil {
		return nil, err
	}
	defer s.close()
	s.verbose = o.verbose
	all, err := s.open()
	if err != nil {
		return nil, err
	}
	set, err := selectForTraining(all, cfg)
	if err != nil {
		return nil, err
	}
	set, bad, err := s.usable(ctx, set, o.resume)
	if err != nil {
		return nil, err
	}
	_, done, err := s.fit(ctx, set, len(all.Classes), bad, o)
	return done, err
}

// finished answers for a run that has reached its last step and written its
// weights; nil for any other.
func finished(dir string, o options) (*outcome, error) {
	if !o.resume {
		return nil, nil
	}
	step, steps, err := train.SavedStep(dir)
	if err != nil || step == 0 || step < steps || train.WeightsStep(dir) != step {
		return nil, err
	}
	bad, err := media.ReadQuarantine(filepath.Join(dir, quarantineFile))
	out := &outcome{Out: dir, Steps: step, Finished: true, before: true}
	out.split(bad)
	return out, err
}

// selectForTraining picks the rows that a run trains on: the split is chosen
// first, so that no condition can lead to another one.
func selectForTraining(all *dataset.Set, cfg *configs.Config) (*dataset.Set, error) {
	if len(cfg.Split) > 0 {
		return all.Select(dataset.Query{Split: cfg.Split, Where: cfg.Where})
	}
	set, err := all.PretrainSplit()
	if err != nil {
		return nil, err
	}
	return set.Select(dataset.Query{Where: cfg.Where})
}

// fit trains on checked videos, in the run's folder where the settings name
// one, and returns the trained networks beside the summary. Nothing is written
// before everything fits together.
func (s *session) fit(ctx context.Context, set *dataset.Set, classes int, bad []media.Bad, o options) (*setup, *outcome, error) {
	s.fitBatch(len(set.Items))
	init, err := s.initial(s.cfg.Out, o.resume)
	if err != nil {
		return nil, nil, err
	}
	defer init.close()
	setup, err := s.setup(set, classes, init)
	if err != nil {
		return nil, nil, err
	}
	setup.Resume, setup.Dir = o.resume, s.cfg.Out
	bar := newProgress(s.notes, s.cfg.LogEvery)
	setup.Observer = bar
	out := &outcome{Out: s.cfg.Out, Device: s.backend.Name(), Videos: len(set.Items), files: len(set.Items) + media.Aside(bad), unlabelled: classes == 0}
	var dir *runDir
	if s.cfg.Out != "" {
		if dir, err = lockRunDir(s.cfg.Out, o.resume); err != nil {
			return nil, nil, err
		}
		defer dir.close()
		setup.Bad = dir.limited(s.cfg.MaxBad, len(set.Items)+media.Aside(bad))
	}
	trainer, err := train.New(setup.Setup)
	if err != nil {
		return nil, nil, err
	}
	defer trainer.Close()
	if err := trainer.Restore(); err != nil {
		return nil, nil, err
	}
	if dir != nil {
		if err := dir.begin(s.cfg, setup, bad, init); err != nil {
			return nil, nil, err
		}
	}
	init.tell(s.notes, s.verbose)
	fmt.Fprintf(s.notes, "%d videos, %d steps of %d, %s, %s\n", len(set.Items), setup.Steps, s.cfg.Batch, s.cfg.Encoder, s.backend.Name())
	result, err := trainer.Train(ctx)
	bar.finish()
	if err != nil {
		return nil, nil, err
	}
	out.add(result)
	if dir != nil {
		bad = dir.quarantine.List()
	}
	out.split(bad)
	return setup, out, nil
}

// split sorts broken files by what became of them. Neither list is null in JSON.
func (o *outcome) split(bad []media.Bad) {
	o.SetAside, o.UsedInPart = []media.Bad{}, []media.Bad{}
	for _, b := range bad {
		if b.InPart {
			o.UsedInPart = append(o.UsedInPart, b)
		} else {
			o.SetAside = append(o.SetAside, b)
		}
	}
}

func (o *outcome) add(r *train.Result) {
	o.Finished, o.DataWait = true, r.Waited
	o.Steps, o.Loss, o.Seconds, o.PeakRSSBytes = r.Steps, r.Loss, r.Seconds, peakRSS()
	if r.Seconds > 0 {
		o.ClipsPerSecond = float64(r.Clips) / r.Seconds
	}
}

// fitBatch lowers a batch that nobody asked for to the number of videos.
func (s *session) fitBatch(videos int) {
	if videos < 2 || s.cfg.Batch <= videos || s.cfg.Given["batch"] {
		return
	}
	if micro := s.cfg.MicroBatch; micro > 0 && videos > micro { // which divides the batch
		videos -= videos % micro
	}
	fmt.Fprintf(s.notes, "batch of %d instead of %d: there are no more videos\n", videos, s.cfg.Batch)
	s.cfg.Batch = videos
}

// setup is a train.Setup with the vocabulary behind it.
type setup struct {
	train.Setup
	vocabulary *text.Vocabulary
}

// setup builds all that a run on these videos needs. Its encoder starts from
// init, nil for initial values or a run that goes on from its own state.
func (s *session) setup(set *dataset.Set, classes int, init *initial) (*setup, error) {
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
	source := &train.Source{Items: trainItems(set), Parts: parts, Decoder: s.decoder, Seed: s.cfg.Seed, FrameRate: s.cfg.Clip.FrameRate}
	if needsText(parts) {
		if out.vocabulary, source.Tokenizer, err = s.learnWords(set, env); err != nil {
			return nil, err
		}
	}
	mark, err := fingerprint(s.cfg, set, init)
	if err != nil {
		return nil, err
	}
	steps := s.steps(len(set.Items))
	if steps < 1 {
		return nil, fmt.Errorf("%d epochs of %d videos make no step of %d: lower --batch", s.cfg.Epochs, len(set.Items), s.cfg.Batch*s.cfg.Optimizer.Batches())
	}
	out.Setup = train.Setup{
		Options: train.Options{Steps: steps, Workers: s.cfg.Workers, CheckpointEvery: s.cfg.CheckpointEvery, WatchEvery: s.cfg.LogEvery, MicroBatch: s.cfg.MicroBatch},
		Env:     env, Method: method, Source: source, Optim: s.cfg.Optimizer, Fingerprint: mark, Metadata: s.metadata(),
		Init: init.filler(),
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
	out := encoderMetadata(s.cfg)
	maps.Copy(out, map[string]string{
		"method": s.cfg.Method, "task": s.cfg.Task,
		"input": s.cfg.Clip.Input, "frames": fmt.Sprint(s.cfg.Clip.Frames), "stride": fmt.Sprint(s.cfg.Clip.Stride), "frame_rate": fmt.Sprint(s.cfg.Clip.FrameRate),
		"size": fmt.Sprint(s.cfg.Clip.Size), "seed": fmt.Sprint(s.cfg.Seed),
	})
	return out
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
