package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media/dataset"
)

// indexSuffix is what the packet indexes of a manifest's videos are called.
const indexSuffix = ".index"

// checkFlags are those of data check alone.
type checkFlags struct {
	full  bool
	group string
}

func newDataCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check DATA",
		Short: "open every file of a data set and tell what it holds and what is wrong",
		Long: `Opens every file of a data set: any layout that clvid list formats shows. Tells
counts by split and class, lengths, codecs, sizes and frame rates; files that are
broken, with the reason; files of equal content; content that stands in two
splits, and with --group COLUMN values of a column, such as the subject or the
source video, that do; and what annotations name and is not there.

With --out a manifest of the files that are whole is written, a data set as any
other, with frames, fps, duration, width, height, codec, bytes and sha256 of
each. Beside it, in MANIFEST.index, lie the packet indexes of the videos, so that
a first opening needs no scan; a video that changed is scanned again.

Exit status 1 where a file or a shard is broken, or something leaks from one
split to another; a file that a manifest names and that is not there is broken.
Duplicates within a split, and what annotations name and is not there, are told
and are no error.`,
		Example: "  clvid data check weizmann --group subject\n" +
			"  clvid data check UCF101 --split-number 2 --full\n" +
			"  clvid data check 'shards/train-{000..009}.tar' --out train.parquet",
		Args: oneArg("a data set"),
	}
	c := &checkFlags{}
	flags := addCommonFlags(cmd, "config", "format", "videos", "split-number", "split", "where", "out", "workers", "isolate", "set", "json")
	cmd.Flag("out").Usage = "`FILE` for the manifest: " + strings.Join(dataset.ManifestExtensions(), ", ")
	cmd.Flag("split").Usage = "`NAME[,NAME]` of splits to check (default: all)"
	cmd.Flags().BoolVar(&c.full, "full", false, "decode every frame; else packets are read, and one picture")
	cmd.Flags().StringVar(&c.group, "group", "", "`COLUMN` whose values must not stand in two splits")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := flags.load(cmd)
		if err != nil {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(cfg.Out)); cfg.Out != "" && !slices.Contains(dataset.ManifestExtensions(), ext) {
			return usageError{fmt.Errorf("--out %q: want a name that ends in one of %s", cfg.Out, strings.Join(dataset.ManifestExtensions(), ", "))}
		}
		cfg.Data = args[0]
		if cfg.Out != "" && cfg.Data == dataset.StandardInput {
			return usageError{errors.New("--out: shards on standard input are gone afterwards, and a manifest would name nothing: check files")}
		}
		if cfg.Workers == 0 {
			cfg.Workers = runtime.NumCPU()
		}
		return c.run(cmd, cfg, flags.JSON)
	}
	return cmd
}

func (c *checkFlags) run(cmd *cobra.Command, cfg *configs.Config, asJSON bool) (err error) {
	s := &session{cfg: cfg, decoder: openDecoder(cfg.Decode, cfg.Workers), notes: cmd.ErrOrStderr()}
	defer func() { err = errors.Join(err, s.close()) }()
	survey, err := c.survey(cmd, s)
	if err != nil {
		return err
	}
	report, err := survey.Report(c.group)
	if err != nil {
		return err
	}
	written, err := writeSurvey(cmd, cfg, survey)
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), report)
	} else {
		err = showReport(cmd.OutOrStdout(), report, written)
	}
	if err == nil && !report.Sound() {
		return fmt.Errorf("%s: %d of %d files are broken, %d leaks between splits", cfg.Data, len(report.Broken), report.Files, len(report.Leaks))
	}
	return err
}

func (c *checkFlags) survey(cmd *cobra.Command, s *session) (*dataset.Survey, error) {
	set, err := s.open()
	if err != nil {
		return nil, err
	}
	if set, err = set.Select(dataset.Query{Split: s.cfg.Split, Where: s.cfg.Where}); err != nil {
		return nil, err
	}
	if c.group != "" && !slices.Contains(set.Columns(), c.group) {
		return nil, usageError{fmt.Errorf("--group %q: want one of %s", c.group, strings.Join(set.Columns(), ", "))}
	}
	bar := newWorkBar(s.notes, "checking", set.Files())
	defer bar.finish()
	return dataset.Look(cmd.Context(), set, dataset.SurveyOptions{
		Decoder: s.decoder, Workers: s.cfg.Workers, Full: c.full,
		Progress: func(now dataset.Progress) {
			note := byteCount(now.Bytes)
			if now.Broken > 0 {
				note += fmt.Sprintf("  %d broken", now.Broken)
			}
			bar.set(now.Done, float64(now.Done)/float64(now.Total), note)
		},
	})
}

// writeSurvey writes manifest and index, and says so in a line; "" where none
// was asked for.
func writeSurvey(cmd *cobra.Command, cfg *configs.Config, survey *dataset.Survey) (string, error) {
	if cfg.Out == "" {
		return "", nil
	}
	items, err := survey.Manifest(cfg.Out)
	if err != nil {
		return "", err
	}
	if len(items) == 0 {
		return "nothing, as no file is whole", nil
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Out), 0o755); err != nil {
		return "", err
	}
	if err := dataset.WriteManifest(cfg.Out, items); err != nil {
		return "", err
	}
	n, err := newDecoder(cfg.Decode).WriteIndexes(cmd.Context(), cfg.Out+indexSuffix, survey.Whole())
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, %d items; %s, %d videos", cfg.Out, len(items), filepath.Base(cfg.Out)+indexSuffix, n), nil
}
