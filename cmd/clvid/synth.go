package main

import (
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/synth"
)

func newSynth() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "synth",
		Short: "make a small set of labelled and captioned videos to try things on",
		Long: `Makes videos of a moving shape: ten motions are the classes; shape, colour, size
and background are drawn independently of them. Half of each class is H.264,
half MPEG-4. clips.csv lists path, label, split, caption and attributes; equal
flags give equal videos. FOLDER must be absent or empty.`,
		Example: "  clvid synth --out synth\n  clvid pretrain --config synth --data synth --out RUN",
		Args:    noArgs,
	}
	c := synth.Default()
	out, asJSON := "", false
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&out, "out", "", "`FOLDER` to make")
	f.IntVar(&c.Unlabelled, "unlabelled", c.Unlabelled, "`N` videos without labels")
	f.IntVar(&c.Train, "train", c.Train, "`N` labelled videos to learn from")
	f.IntVar(&c.Test, "test", c.Test, "`N` labelled videos to test on")
	f.Uint64Var(&c.Seed, "seed", c.Seed, "`N` from which everything follows")
	f.IntVar(&c.Size, "size", c.Size, "`PIXELS` of height and width")
	f.IntVar(&c.Frames, "frames", c.Frames, "`N` frames of a video")
	f.StringVar(&c.Codec, "codec", c.Codec, "`CODEC`: mixed, h264 or mpeg4")
	f.BoolVar(&asJSON, "json", false, "print JSON alone on stdout")
	complete(cmd, "codec", synth.Codecs(), cobra.ShellCompDirectiveNoFileComp)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if out == "" {
			return needFlag(cmd, "out")
		}
		if err := c.Validate(); err != nil {
			return usageError{err}
		}
		return runSynth(cmd, out, c, asJSON)
	}
	return cmd
}

func runSynth(cmd *cobra.Command, out string, c synth.Config, asJSON bool) error {
	if err := settleCodec(&c, avdecode.FindEncoder, cmd.ErrOrStderr()); err != nil {
		return err
	}
	bar := newCounter(cmd.ErrOrStderr(), "making videos", c.Videos())
	start := time.Now()
	err := synth.Write(cmd.Context(), out, c, encodeVideo, runtime.NumCPU(), bar.set)
	bar.done()
	if err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), map[string]any{
			"out": out, "unlabelled": c.Unlabelled, "train": c.Train, "test": c.Test, "seed": c.Seed, "seconds": seconds,
		})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d unlabelled, %d train and %d test videos in %.1f s\n",
		out, c.Unlabelled, c.Train, c.Test, seconds)
	return err
}

// settleCodec makes all videos MPEG-4 where nothing here writes H.264. It says
// what writes H.264 where that is not x264.
func settleCodec(c *synth.Config, find func(codec string) (actual, encoder string, err error), notes io.Writer) error {
	if c.Codec == synth.CodecMPEG4 {
		return nil
	}
	actual, encoder, err := find(avdecode.CodecH264)
	if err != nil {
		return err
	}
	if actual != avdecode.CodecH264 {
		c.Codec = synth.CodecMPEG4
	}
	return tellEncoder(notes, avdecode.CodecH264, actual, encoder)
}

// tellEncoder says where videos are not of the codec that was asked for, or of
// H.264 by another encoder than x264.
func tellEncoder(notes io.Writer, codec, actual, encoder string) (err error) {
	switch {
	case actual != codec:
		_, err = fmt.Fprintf(notes, "note: this build writes no %s, so the videos are %s\n", codec, actual)
	case codec == avdecode.CodecH264 && encoder != "libx264":
		_, err = fmt.Fprintf(notes, "note: this build has no x264, so %s writes the videos\n", encoder)
	}
	return err
}

// Qualities at which most of the frames' own noise survives in either codec, so
// that neither makes the set easier: of a standard deviation of 2.3 in luma
// H.264 keeps 1.7, MPEG-4 1.4. At CRF 18 H.264 would keep 0.7.
const (
	synthCRF       = 12
	synthQuantiser = 2
)

// encodeVideo opens a video file for package synth, which knows no codecs.
func encodeVideo(path string, f synth.Format) (synth.Encoder, error) {
	quality := synthCRF
	if f.Codec == synth.CodecMPEG4 {
		quality = synthQuantiser
	}
	return avdecode.NewEncoder(path, avdecode.EncodeOptions{
		Width: f.Width, Height: f.Height, FrameRate: f.FrameRate, Codec: f.Codec, Quality: quality,
	})
}
