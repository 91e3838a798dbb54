package main

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/bench"
	"github.com/clvid/clvid/methods/train"
)

func newBenchLoader() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "loader DATA | loader FILE...",
		Short: "time the data side of training, without a model",
		Long: `Makes the batches of a training run by its own loader - decode, crop, resize,
augment, normalise, assemble - and drops them. Settings are those of pretrain.
Single files are taken again and again until they fill a batch. Memory is looked at
20 times on the way.`,
		Example: "  clvid bench loader synth --config synth --workers 2 --epochs 2\n" +
			"  clvid bench loader a.mp4 b.mp4 --task clip-pairs --batch 8 --steps 100 --set media.size=112",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("%s: want a data set, or video files", cmd.CommandPath())}
			}
			return nil
		},
	}
	flags := addCommonFlags(cmd, "config", "format", "videos", "split-number", "split", "where", "task", "steps", "epochs", "batch", "seed", "workers", "isolate", "set", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := flags.load(cmd)
		if err != nil {
			return err
		}
		decoder, err := cachedDecoder(cfg.Decode, cfg.Workers)
		if err != nil {
			return err
		}
		s := &session{cfg: cfg, decoder: decoder, notes: cmd.ErrOrStderr()}
		defer s.close()
		setup, err := s.loading(args)
		if err != nil {
			return err
		}
		report, err := bench.Load(cmd.Context(), *setup)
		if err != nil {
			return err
		}
		if flags.JSON {
			return writeJSON(cmd.OutOrStdout(), report)
		}
		return showLoad(cmd.OutOrStdout(), report)
	}
	return cmd
}

// loading is the part of a run's setup that makes batches.
func (s *session) loading(paths []string) (*train.Setup, error) {
	set, classes, err := s.loaded(paths)
	if err != nil {
		return nil, err
	}
	s.fitBatch(len(set.Items))
	parts, err := s.parts(classes)
	if err != nil {
		return nil, err
	}
	if s.cfg.Workers == 0 {
		s.cfg.Workers = runtime.NumCPU()
	}
	env := &methods.Env{Parts: parts, N: s.cfg.Batch, Clip: s.cfg.Clip.Shape()}
	source := &train.Source{Items: trainItems(set), Parts: parts, Decoder: s.decoder, Seed: s.cfg.Seed, FrameRate: s.cfg.Clip.FrameRate}
	if needsText(parts) {
		if _, source.Tokenizer, err = s.learnWords(set, env); err != nil {
			return nil, err
		}
	}
	steps := s.steps(len(set.Items))
	if steps < 1 {
		return nil, usageError{fmt.Errorf("%d epochs of %d videos make no batch of %d: lower --batch", s.cfg.Epochs, len(set.Items), s.cfg.Batch)}
	}
	return &train.Setup{Options: train.Options{Steps: steps, Workers: s.cfg.Workers}, Env: env, Source: source}, nil
}

// loaded is the data set at a path, or a set of files, as often as a batch needs.
func (s *session) loaded(paths []string) (set *dataset.Set, classes int, err error) {
	if len(paths) == 1 {
		s.cfg.Data = paths[0]
		all, err := s.open()
		if err == nil {
			set, err = selectForTraining(all, s.cfg)
			return set, len(all.Classes), err
		}
		if st, missing := os.Stat(paths[0]); missing != nil || !st.Mode().IsRegular() {
			return nil, 0, err
		}
	}
	set = &dataset.Set{}
	for len(set.Items) < max(s.cfg.Batch, len(paths)) {
		for _, path := range paths {
			set.Items = append(set.Items, dataset.Item{Path: path, Name: path, Class: -1})
		}
	}
	return set, 0, nil
}

func showLoad(w io.Writer, r *bench.LoadReport) error {
	t := plainTable()
	t.AppendRows([]table.Row{
		{"batches", fmt.Sprintf("%d of %d videos, views of %s, %d workers", r.Batches, r.Batch, shapeText(r.View[:]), r.Workers)},
		{"rate", fmt.Sprintf("%.1f clips/s, %d clips in %.1f s", r.ClipsPerSecond, r.Clips, r.Seconds)},
		{"decoded", fmt.Sprintf("%d frames, %d seeks", r.FramesDecoded, r.Seeks)},
		{"memory", fmt.Sprintf("%.0f MB at the start, %.0f MB at the end, %.0f MB at the peak", megabytes(r.RSS[0]), megabytes(r.RSS[len(r.RSS)-1]), megabytes(r.PeakRSSBytes))},
	})
	for i, e := range r.Epochs {
		if len(r.Epochs) > 1 {
			t.AppendRow(table.Row{fmt.Sprintf("epoch %d", i), fmt.Sprintf("%.1f clips/s, %d clips in %.1f s", e.ClipsPerSecond, e.Clips, e.Seconds)})
		}
	}
	if r.Redrawn > 0 {
		t.AppendRow(table.Row{"drawn again", fmt.Sprintf("%d samples whose first clips touched damage", r.Redrawn)})
	}
	if r.Replaced > 0 {
		t.AppendRow(table.Row{"replaced", fmt.Sprintf("%d samples whose file failed", r.Replaced)})
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}
