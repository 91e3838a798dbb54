package main

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/cmd/clvid/sheet"
	"github.com/clvid/clvid/configs"
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
mid-grey. The draws are those of pretraining with the same settings and seed,
where no file is bad.`,
		Example: "  clvid preview --task frame-order --data synth --out sheet.png\n" +
			"  clvid preview --config weizmann --data weizmann --set media.input=rgb --out sheet.png",
		Args: noArgs,
	}
	flags := addCommonFlags(cmd, "config", "data", "format", "videos", "split-number", "split", "where", "out", "task", "seed", "workers", "isolate", "set", "json")
	samples := cmd.Flags().Int("samples", 6, "`N` samples to draw")
	cmd.Flag("out").Usage = "`FILE` to write, a PNG"
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := flags.load(cmd)
		if err != nil {
			return err
		}
		switch {
		case cfg.Data == "":
			return needFlag(cmd, "data")
		case cfg.Out == "" || !strings.EqualFold(filepath.Ext(cfg.Out), ".png"):
			return usageError{fmt.Errorf("--out %q: want the name of a .png file", cfg.Out)}
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
	img, err := page.Draw()
	if err != nil {
		return err
	}
	var data bytes.Buffer
	if err := png.Encode(&data, img); err != nil {
		return fmt.Errorf("%s: %w", cfg.Out, err)
	}
	if err := atomicfile.Write(cfg.Out, data.Bytes()); err != nil {
		return fmt.Errorf("sheet: %w", err)
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), map[string]any{"out": cfg.Out, "samples": len(rows), "width": img.Rect.Dx(), "height": img.Rect.Dy()})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d samples, %d x %d pixels\n", cfg.Out, len(rows), img.Rect.Dx(), img.Rect.Dy())
	return err
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
