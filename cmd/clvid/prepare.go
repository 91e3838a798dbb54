package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/media/prepare"
)

// prepareFlags are the flags of a preparation.
type prepareFlags struct {
	prepare.Config
	codec string
}

func newPrepare() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "prepare DATA",
		Short: "make a copy of a data set that decodes many times faster",
		Long: `Makes every video anew: small, with a key frame every few frames, so that cutting
a clip decodes few frames besides those of the clip. The result is a data set as
any other: labels, splits, captions, stretches and fields are carried over.

What is there is kept, so that a run that was interrupted or killed goes on when
it is started again; inputs and settings that changed are made again. Every
video that was written is read again, and its frames and times are compared. Of
damaged videos the sound frames are kept. Sound is left out. Videos that cannot
be decoded are listed; too many of them (max_bad) make the exit status 1.`,
		Example: "  clvid prepare videos --out small\n" +
			"  clvid prepare weizmann --out shards --to tar --shard-mb 64\n" +
			"  clvid pretrain --data small --out RUN",
		Args: oneArg("a data set"),
	}
	p := &prepareFlags{Config: prepare.Default()}
	flags := addCommonFlags(cmd, "config", "format", "videos", "split-number", "split", "where", "out", "workers", "isolate", "set", "json")
	cmd.Flag("out").Usage = "`FOLDER` of the new set, made where there is none"
	cmd.Flag("split").Usage = "`NAME[,NAME]` of splits to make (default: all)"
	f := cmd.Flags()
	f.IntVar(&p.Side, "side", p.Side, "`PIXELS` of the shorter side, which only shrinks; 0 keeps sizes")
	f.IntVar(&p.GOP, "gop", p.GOP, "`N` frames from one key frame to the next")
	f.StringVar(&p.codec, "codec", avdecode.CodecH264, "`CODEC`: h264, mpeg4 or ffv1 (lossless)")
	f.IntVar(&p.Quality, "crf", 0, "`Q` of H.264 (1 best to 51), or quantiser of MPEG-4 (1 to 31); 0 is 23 or 3")
	f.BoolVar(&p.FastDecode, "fastdecode", p.FastDecode, "trade bytes for speed of decoding, of h264")
	f.StringVar(&p.Preset, "preset", p.Preset, "`NAME` of x264's effort, ultrafast to placebo")
	f.StringVar(&p.Format, "to", p.Format, "`NAME` of what to make: folder (a file for each video) or tar (shards)")
	f.IntVar(&p.ShardMB, "shard-mb", p.ShardMB, "`MB` that a shard reaches before the next one begins")
	complete(cmd, "to", prepare.Formats(), cobra.ShellCompDirectiveNoFileComp)
	complete(cmd, "codec", []string{avdecode.CodecH264, avdecode.CodecMPEG4, avdecode.CodecFFV1}, cobra.ShellCompDirectiveNoFileComp)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := flags.load(cmd)
		if err != nil {
			return err
		}
		cfg.Data = args[0]
		if cfg.Out == "" {
			return needFlag(cmd, "out")
		}
		if p.Workers = cfg.Workers; p.Workers == 0 {
			p.Workers = runtime.NumCPU()
		}
		return p.run(cmd, cfg, flags.JSON)
	}
	return cmd
}

func (p *prepareFlags) run(cmd *cobra.Command, cfg *configs.Config, asJSON bool) (err error) {
	codec, encoder, err := avdecode.FindEncoder(p.codec)
	if err == nil {
		err = errors.Join(p.Validate(), p.options(codec, nil).Validate())
	}
	if err != nil {
		return usageError{err}
	}
	notes := cmd.ErrOrStderr()
	if err := tellEncoder(notes, p.codec, codec, encoder); err != nil {
		return err
	}
	all, err := openSet(cfg, notes)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, all.Close()) }()
	set, err := all.Select(dataset.Query{Split: cfg.Split, Where: cfg.Where})
	if err != nil {
		return err
	}
	report, err := p.prepare(cmd.Context(), set, cfg, p.tools(cfg.Decode, codec, encoder), notes)
	if err != nil {
		return err
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), report)
	} else {
		err = showPrepared(cmd.OutOrStdout(), report)
	}
	if n := len(report.Failures); err == nil && n > 0 {
		return media.TooMany(n, report.Videos+n, cfg.MaxBad, report.Failures[0].Path+": "+report.Failures[0].Reason)
	}
	return err
}

// prepare makes the set, with a bar, and closes the decoder of its inputs.
func (p *prepareFlags) prepare(ctx context.Context, set *dataset.Set, cfg *configs.Config, tools prepare.Tools, notes io.Writer) (r *prepare.Report, err error) {
	defer func() { err = errors.Join(err, closeDecoder(tools.Decoder)) }()
	bar := newWorkBar(notes, "preparing", set.Files())
	defer bar.finish()
	r, err = prepare.Run(ctx, set, cfg.Out, p.Config, tools, func(now prepare.Progress) {
		note := ""
		if now.Failed > 0 {
			note = fmt.Sprintf("%d failed", now.Failed)
		}
		bar.set(now.Done, float64(now.DoneBytes)/float64(max(now.TotalBytes, 1)), note)
	})
	if errors.Is(err, context.Canceled) {
		return nil, cancelled{fmt.Errorf("interrupted: the same command goes on where it stopped: %w", err)}
	}
	return r, err
}

// prepareCRF is x264's own default.
const prepareCRF = 23

func (p *prepareFlags) options(codec string, like *media.Image) avdecode.EncodeOptions {
	quality := p.Quality
	if quality == 0 && codec == avdecode.CodecH264 {
		quality = prepareCRF
	}
	o := avdecode.EncodeOptions{Codec: codec, Quality: quality, GOP: p.GOP, Preset: p.Preset, FastDecode: p.FastDecode, Like: like, Width: 2, Height: 2}
	if like != nil {
		o.Width, o.Height = like.W, like.H
	}
	return o
}

// tools open files for a package that knows no codecs.
func (p *prepareFlags) tools(d configs.Decode, codec, encoder string) prepare.Tools {
	reader := decoderOptions(d)
	reader.IndexCache = "off" // its files move
	t := prepare.Tools{
		Decoder: openDecoder(d, p.Workers), Reader: avdecode.New(reader),
		Ending: avdecode.Extension(codec), Lossless: codec == avdecode.CodecFFV1,
		Key: fmt.Sprintf("%s by %s of quality %d%s", codec, encoder, p.options(codec, nil).Quality, pictureSettings(d)),
		Open: func(path string, out prepare.Output) (prepare.Encoder, error) {
			o := p.options(codec, out.Like)
			o.FrameRate = out.FrameRate
			return avdecode.NewEncoder(path, o)
		},
	}
	if !d.Isolate { // this process then opens no input
		t.HasSound = hasSound(newDecoder(d))
	}
	return t
}

// harmless are the settings of section decode that change no picture.
var harmless = []string{"timeout", "threads", "open_files", "cache", "cache_mb", "cache_side", "cache_dir", "isolate", "worker_mb"}

// pictureSettings names all other settings that are not at their default, also
// those that are yet to come: what was made under other ones is made again.
func pictureSettings(d configs.Decode) string {
	var out strings.Builder
	now, usual := reflect.ValueOf(d), reflect.ValueOf(configs.DefaultDecode())
	for i := range now.NumField() {
		name := now.Type().Field(i).Tag.Get("yaml")
		if !now.Field(i).Equal(usual.Field(i)) && !slices.Contains(harmless, name) {
			fmt.Fprintf(&out, ", decode.%s=%v", name, now.Field(i))
		}
	}
	return out.String()
}

// hasSound tells which files have sound that can be read.
func hasSound(d *avdecode.Decoder) func(ctx context.Context, path string) bool {
	return func(ctx context.Context, path string) bool {
		sound, err := d.OpenSound(ctx, path, avdecode.SoundOptions{})
		return err == nil && sound.Close() == nil
	}
}

// failedText tells where all failures are listed, which the screen cuts.
func failedText(r *prepare.Report) string {
	if len(r.Failures)+len(r.Damaged) == 0 {
		return "0"
	}
	return fmt.Sprintf("%d, and %d damaged; all in %s", len(r.Failures), len(r.Damaged), filepath.Join(r.Out, prepare.ReportName))
}

// showPrepared prints a report for people.
func showPrepared(w io.Writer, r *prepare.Report) error {
	var bad []media.Bad
	for _, p := range r.Failures {
		bad = append(bad, media.Bad{Path: p.Path, Reason: p.Reason})
	}
	for _, p := range r.Damaged {
		bad = append(bad, media.Bad{Path: p.Path, Reason: p.Reason, InPart: true})
	}
	if err := tellBroken(w, bad, r.Videos+len(r.Failures)); err != nil {
		return err
	}
	made := fmt.Sprintf("%d, %d frames", r.Videos, r.Frames)
	if r.Kept > 0 {
		made += fmt.Sprintf("; %d of them were there", r.Kept)
	}
	rows := [][2]string{
		{"data set", r.Out},
		{"videos", made},
		{"failed", failedText(r)},
		{"size", fmt.Sprintf("%s, before %s", byteCount(r.OutputBytes), byteCount(r.InputBytes))},
	}
	if r.WithSound > 0 {
		rows = append(rows, [2]string{"sound", fmt.Sprintf("left out of %d videos", r.WithSound)})
	}
	if s := r.Speed; s != nil {
		rows = append(rows, [2]string{"clips", fmt.Sprintf("%.0f/s, before %.0f/s: %.1f times as fast (%d clips of %d videos)", s.Prepared, s.Source, s.Ratio, s.Clips, s.Videos)})
	}
	return showPairs(w, append(rows, [2]string{"time", fmt.Sprintf("%.1f s", r.Seconds)}))
}
