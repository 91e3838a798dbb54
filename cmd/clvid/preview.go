package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/cmd/clvid/sheet"
	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/apng"
	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/loader"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/pretext"
)

func newPreview() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "preview",
		Short: "draw what the network will see",
		Long: `Draws the first samples of a training run as a PNG, one row a sample: its views
side by side with their roles, spans and orders. Differences are shown around
mid-grey. A name that ends in .apng makes an animated PNG in which every view
plays; browsers show it. The draws are those of pretraining with the same
settings and seed, where no file is bad.`,
		Example: "  clvid preview --task frame-order --data synth --out sheet.png\n" +
			"  clvid preview --data synth --out sheet.apng\n" +
			"  clvid preview --config weizmann --data weizmann --set media.input=rgb --out sheet.png",
		Args: noArgs,
	}
	flags := addCommonFlags(cmd, "config", "data", "format", "videos", "split-number", "split", "where", "out", "task", "seed", "workers", "isolate", "set", "json")
	samples := cmd.Flags().Int("samples", 6, "`N` samples to draw")
	cmd.Flag("out").Usage = "`FILE` to write: .png, or .apng for moving pictures"
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load(cmd)
		if err != nil {
			return err
		}
		switch {
		case cfg.Data == "":
			return needFlag(cmd, "data")
		case !slices.Contains([]string{stillSheet, movingSheet}, strings.ToLower(filepath.Ext(cfg.Out))):
			return usageError{fmt.Errorf("--out %q: want the name of a .png file, or .apng for moving pictures", cfg.Out)}
		case *samples < 1 || *samples > 200:
			return usageError{fmt.Errorf("--samples %d: want 1 to 200", *samples)}
		}
		return preview(cmd, cfg, *samples, flags.JSON)
	}
	return cmd
}

func preview(cmd *cobra.Command, cfg *configs.Config, samples int, asJSON bool) error {
	decoder, err := cachedDecoder(cfg.Decode, cfg.Workers)
	if err != nil {
		return err
	}
	s := &session{cfg: cfg, decoder: decoder, notes: cmd.ErrOrStderr()}
	defer s.close()
	all, err := s.open()
	if err != nil {
		return err
	}
	set, err := selectForTraining(all, cfg)
	if err != nil {
		return err
	}
	parts, err := s.parts(len(all.Classes))
	if err != nil {
		return err
	}
	rows, err := s.previewRows(cmd.Context(), set, parts, samples)
	if err != nil {
		return err
	}
	page := sheet.Sheet{Title: "What the network sees: " + cfg.Task, Subtitle: previewSubtitle(cfg), Clip: cfg.Clip, Parts: parts, Rows: rows}
	size, err := writeSheet(&page, cfg.Out)
	if err != nil {
		return err
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), map[string]any{"out": cfg.Out, "samples": len(rows), "width": size.X, "height": size.Y})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d samples, %d x %d pixels\n", cfg.Out, len(rows), size.X, size.Y)
	return err
}

// The endings of sheets: still, with film strips, and moving.
const (
	stillSheet  = ".png"
	movingSheet = ".apng"
)

// playTime is how long each step of a moving sheet is shown.
const playTime = 125 * time.Millisecond

// writeSheet draws a sheet as its name asks and returns its size.
func writeSheet(page *sheet.Sheet, out string) (image.Point, error) {
	var data bytes.Buffer
	var pictures []*image.RGBA
	var err error
	if strings.EqualFold(filepath.Ext(out), movingSheet) {
		if pictures, err = page.Play(); err == nil {
			err = apng.Encode(&data, pictures, playTime)
		}
	} else {
		pictures = make([]*image.RGBA, 1)
		if pictures[0], err = page.Draw(); err == nil {
			err = png.Encode(&data, pictures[0])
		}
	}
	if err != nil {
		return image.Point{}, fmt.Errorf("%s: %w", out, err)
	}
	if err := atomicfile.Write(out, data.Bytes()); err != nil {
		return image.Point{}, fmt.Errorf("sheet: %w", err)
	}
	return pictures[0].Rect.Size(), nil
}

func previewSubtitle(c *configs.Config) string {
	return fmt.Sprintf("%s    input %s, %s, %d px    %s    seed %d", c.Data, c.Clip.Input, c.Clip.Sampling(), c.Clip.Size, c.Augment.Summary(), c.Seed)
}

// previewRows draws the first samples of epoch 0, in the order of training. A
// file that cannot be read is named; its place is taken as in training.
func (s *session) previewRows(ctx context.Context, set *dataset.Set, parts []pretext.Part, samples int) ([]sheet.Row, error) {
	source := &train.Source{Items: trainItems(set), Parts: parts, Decoder: s.decoder, Seed: s.cfg.Seed, FrameRate: s.cfg.Clip.FrameRate}
	order := pretext.Order(s.cfg.Seed, 0, len(source.Items))
	workers := s.cfg.Workers
	if workers == 0 {
		workers = runtime.NumCPU()
	}
	type drawn struct {
		sample pretext.Sample
		bad    []train.Bad
	}
	draw := func(ctx context.Context, _, i int) (d drawn, err error) {
		d.sample, d.bad, err = source.Sample(ctx, 0, order[i])
		return d, err
	}
	var rows []sheet.Row
	for d, err := range loader.Map(ctx, 0, min(samples, len(order)), workers, workers, draw) {
		if err != nil {
			return nil, err
		}
		for _, b := range d.bad {
			what := "replaced"
			if b.Redrawn {
				what = "drawn again"
			}
			fmt.Fprintf(s.notes, "%s: %s: %s\n", what, b.Path, media.Reason(b.Err))
		}
		row := sheet.Row{Sample: d.sample}
		if c := d.sample.Video.Class; c >= 0 && c < len(set.Classes) {
			row.Label = set.Classes[c]
		}
		rows = append(rows, row)
	}
	return rows, nil
}
