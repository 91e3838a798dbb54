package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/pretext"
	"github.com/clvid/clvid/text"
)

// session is what commands that run a network share: settings, decoder, back
// end, and where to talk to the user.
type session struct {
	cfg     *configs.Config
	decoder media.Decoder
	backend device.Backend
	notes   io.Writer      // for people: progress and warnings
	verbose bool           // about weights to start from
	sets    []*dataset.Set // opened, for close
}

// newSession resolves the settings that depend on the machine and opens
// decoder and back end. Close it.
func newSession(cfg *configs.Config, notes io.Writer) (*session, error) {
	if cfg.Workers == 0 {
		cfg.Workers = runtime.NumCPU()
	}
	if cfg.Threads == 0 {
		cfg.Threads = runtime.NumCPU()
	}
	for _, path := range []*string{&cfg.Data, &cfg.InitFrom, &cfg.Decode.CacheDir, &cfg.Dataset.Videos} { // a run's settings must hold from any folder
		if *path == "" || *path == dataset.StandardInput {
			continue
		}
		var err error
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	if cfg.Device != "cpu" {
		return nil, usageError{fmt.Errorf("--device %q: want cpu", cfg.Device)}
	}
	decoder, err := cachedDecoder(cfg.Decode, cfg.Workers)
	if err != nil {
		return nil, err
	}
	s := &session{cfg: cfg, notes: notes, decoder: decoder}
	if s.backend, err = cpu.Open(cpu.Options{Threads: cfg.Threads}); err != nil {
		return nil, errors.Join(err, closeDecoder(decoder))
	}
	return s, nil
}

func (s *session) close() error {
	err := closeDecoder(s.decoder)
	if s.backend != nil {
		err = errors.Join(err, s.backend.Close())
	}
	for _, set := range s.sets {
		err = errors.Join(err, set.Close())
	}
	return err
}

// open reads the data set that the settings name, and the index of its videos
// where its manifest has one.
func (s *session) open() (*dataset.Set, error) {
	if s.cfg.Data == "" {
		return nil, usageError{errors.New("no data: name a folder or a manifest with --data")}
	}
	set, err := openSet(s.cfg, s.notes)
	if err != nil {
		return nil, err
	}
	s.sets = append(s.sets, set)
	s.useIndex(set)
	return set, nil
}

// checkFullUpTo is the most files that --check auto decodes.
const checkFullUpTo = 5000

// checked opens every file of a set, shows progress, lists the broken ones once,
// and returns the items that can be used, those that are sound in part among
// them, and the bad ones. Too many that cannot be used are an error.
func (s *session) checked(ctx context.Context, set *dataset.Set) (good *dataset.Set, bad []media.Bad, err error) {
	paths := make([]string, len(set.Items))
	for i, item := range set.Items {
		paths[i] = item.Path
	}
	full := s.cfg.Check == configs.CheckFull || s.cfg.Check == configs.CheckAuto && len(paths) <= checkFullUpTo
	bar := newCounter(s.notes, "checking videos", len(paths))
	reports, err := media.Check(ctx, s.decoder, paths, full, s.cfg.Workers, bar.set)
	bar.done()
	if err != nil {
		return nil, nil, err
	}
	failed, still, reason := map[string]bool{}, 0, ""
	for _, r := range reports {
		usable := r.Usable(s.cfg.MinSound) && (r.Err == nil || !s.cfg.Decode.Strict)
		if r.Err != nil {
			bad = append(bad, media.NewBad(r.Path, media.StageCheck, usable, r.Err))
		}
		switch {
		case !usable:
			failed[r.Path] = true
			if reason == "" {
				reason = r.Path + ": " + media.Reason(r.Err)
			}
		case r.Frames == 1:
			still++
		}
	}
	if err := tellBroken(s.notes, bad, len(paths)); err != nil {
		return nil, nil, err
	}
	if still > 0 && s.cfg.Clip.Input != media.InputRGB {
		fmt.Fprintf(s.notes, "warning: %d of %d videos are a single picture, whose differences are all zero: leave them out, or use --set media.input=rgb\n", still, len(paths))
	}
	good = set.Filter(func(item dataset.Item) bool { return !failed[item.Path] })
	return good, bad, media.TooMany(media.Aside(bad), len(paths), s.cfg.MaxBad, reason)
}

// usable is the set that a run trains on. A run that goes on from a checkpoint
// keeps the videos it began with, whatever their files are now: one that is
// bad by now is replaced like any that turns out bad later.
func (s *session) usable(ctx context.Context, set *dataset.Set, resume bool) (good *dataset.Set, bad []media.Bad, err error) {
	if !resume || !exists(filepath.Join(s.cfg.Out, train.StateFile)) {
		return s.checked(ctx, set)
	}
	began, err := media.ReadQuarantine(filepath.Join(s.cfg.Out, quarantineFile))
	if err != nil {
		return nil, nil, err
	}
	return set.Filter(func(item dataset.Item) bool {
		for _, b := range began {
			if b.Stage == media.StageCheck && !b.InPart && (b.Path == item.Path || strings.HasSuffix(b.Path, "/"+item.Name)) {
				return false
			}
		}
		return true
	}), nil, nil
}

// parts builds the tasks of the settings for a set with some labels.
func (s *session) parts(classes int) ([]pretext.Part, error) {
	registry := pretext.Builtin()
	weighted, err := pretext.ParseTask(registry, s.cfg.Task)
	if err != nil {
		return nil, usageError{err}
	}
	env := pretext.Env{Clip: s.cfg.Clip, Augment: s.cfg.Augment, Classes: classes}
	var parts []pretext.Part
	for _, w := range weighted {
		entry, err := registry.Lookup("pretext task", w.Name)
		if err != nil {
			return nil, err
		}
		task, err := pretext.NewTask(registry, w.Name, s.cfg.Sections[entry.Section], env)
		if err != nil {
			return nil, err
		}
		parts = append(parts, pretext.Part{Name: w.Name, Weight: w.Weight, Task: task})
	}
	return parts, nil
}

// env describes the networks of the settings over a new store.
func (s *session) env(parts []pretext.Part, batch int) (*methods.Env, error) {
	entry, err := encoder.Builtin().Lookup("encoder", s.cfg.Encoder)
	if err != nil {
		return nil, usageError{err}
	}
	p := s.cfg.Projector
	precision, err := device.ParsePrecision(s.cfg.Precision)
	if err != nil {
		return nil, err
	}
	return &methods.Env{
		Parts: parts, N: batch, Clip: s.cfg.Clip.Shape(), Encoder: entry,
		EncoderConfig: s.cfg.EncoderOptions,
		Projector:     methods.Projector{Hidden: p.Hidden, Out: p.Out, Layers: p.Layers},
		Store:         nn.NewStore(device.Float32), Backend: s.backend, Precision: precision, Seed: s.cfg.Seed,
	}, nil
}

// withText adds the caption side of a vocabulary.
func (s *session) withText(env *methods.Env, v *text.Vocabulary) {
	env.Text = &methods.Text{Config: s.cfg.Text, Vocab: v.Size()}
}

func needsText(parts []pretext.Part) bool {
	for _, p := range parts {
		if p.Task.Spec().Text {
			return true
		}
	}
	return false
}

// method builds the method of the settings.
func (s *session) method() (methods.Method, error) {
	entry, err := methods.Builtin().Lookup("method", s.cfg.Method)
	if err != nil {
		return nil, usageError{err}
	}
	return entry.New(s.cfg.Sections[entry.Section])
}

// trainItems lists the videos of a set for training.
func trainItems(set *dataset.Set) []train.Item {
	out := make([]train.Item, len(set.Items))
	for i, item := range set.Items {
		out[i] = train.Item{Path: item.Path, Name: item.Name, Class: item.Class, Captions: item.Captions, Start: item.Start, End: item.End}
	}
	return out
}

// steps turns epochs into steps for a number of videos.
func (s *session) steps(videos int) int {
	if s.cfg.Steps > 0 {
		return s.cfg.Steps
	}
	return s.cfg.Epochs * (videos / (s.cfg.Batch * s.cfg.Optimizer.Batches()))
}

// fingerprint names all that decides the result of a run: settings but for
// those of place and pace, the videos with their labels and captions, and the
// weights it starts from.
func fingerprint(cfg *configs.Config, set *dataset.Set, init *initial) (train.Fingerprint, error) {
	yaml, err := decisive(cfg).YAML()
	if err != nil {
		return train.Fingerprint{}, err
	}
	weights, err := init.sum(cfg)
	if err != nil {
		return train.Fingerprint{}, err
	}
	data := sha256.New()
	for _, item := range set.Items {
		fmt.Fprintf(data, "%q %q %q\n", item.Name, item.Label, item.Captions)
		if item.Start != 0 || item.End != 0 {
			fmt.Fprintf(data, "from %d to %d\n", item.Start, item.End)
		}
	}
	settings := sha256.Sum256(yaml)
	return train.Fingerprint{
		Settings: fmt.Sprintf("%x", settings[:8]), Data: fmt.Sprintf("%x", data.Sum(nil)[:8]), Videos: len(set.Items), Init: weights,
	}, nil
}

// decisive copies the settings without those that do not change the result.
func decisive(cfg *configs.Config) *configs.Config {
	c, d := *cfg, configs.Default(nil)
	c.Data, c.Out, c.InitFrom, c.Workers, c.Dataset = "", "", "", 0, d.Dataset
	c.CheckpointEvery, c.LogEvery, c.Check, c.MaxBad, c.MinSound = d.CheckpointEvery, d.LogEvery, d.Check, d.MaxBad, d.MinSound
	c.Decode.Cache, c.Decode.CacheMB, c.Decode.CacheDir, c.Decode.Timeout = d.Decode.Cache, d.Decode.CacheMB, d.Decode.CacheDir, d.Decode.Timeout
	c.Eval, c.Finetune = d.Eval, d.Finetune
	return &c
}
