package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/extract"
)

func newFrames() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "frames FILE",
		Short: "write exact frames of a video as PNG files",
		Long: `Writes frames of a video as frame_000123.png, numbered from 0 in display order:
the very pictures that training gets, through the same path, as 8-bit RGB at
their own size. Colour is converted from the video's own matrix and range, with
chroma interpolated linearly, as training does.

Damaged frames are written as they come, and listed, or left out with
--skip-damaged. Frames that are left out, that the decoder does not give or
that lie past the end make the exit status 1, once all others are written.`,
		Example: "  clvid frames clip.mp4 --start 120 --out frames\n" +
			"  clvid frames clip.mp4 --at 1m2.5s --out frames\n" +
			"  clvid frames clip.mp4 --count 16 --stride 4 --size 112 --out frames --json",
		Args: oneArg("a video"),
	}
	q := &framesFlags{Request: extract.Request{Workers: runtime.NumCPU()}}
	flags := addCommonFlags(cmd, "config", "out", "isolate", "set", "json")
	cmd.Flag("out").Usage = "`FOLDER` of the files, made where there is none"
	f := cmd.Flags()
	f.IntVar(&q.Start, "start", 0, "`I` of the first frame")
	f.DurationVar(&q.at, "at", 0, "`TIME` in place of --start, as in 1.5s: the frame on display then")
	f.IntVar(&q.Count, "count", 1, "`N` frames; 0 is all up to the end")
	f.IntVar(&q.Stride, "stride", 1, "`S` frames from one to the next")
	f.IntVar(&q.Short, "size", 0, "`PIXELS` of the shorter side, which only shrinks; 0 leaves frames as they are")
	f.BoolVar(&q.Skip, "skip-damaged", false, "leave out frames that cannot be trusted")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cfg, err := flags.load(cmd)
		q.byTime = cmd.Flags().Changed("at")
		switch {
		case err != nil:
			return err
		case cfg.Out == "":
			return needFlag(cmd, "out")
		case q.Validate() != nil:
			return usageError{q.Validate()}
		case q.at < 0 || q.byTime && cmd.Flags().Changed("start"):
			return usageError{fmt.Errorf("--at %v --start %d: want one of them, and no time before the first frame", q.at, q.Start)}
		}
		result, err := q.run(cmd.Context(), cfg, args[0])
		if err != nil {
			return err
		}
		if err := showFrames(cmd.OutOrStdout(), cfg.Out, result, flags.JSON); err != nil {
			return err
		}
		return result.Err()
	}
	return cmd
}

// framesFlags are the flags of an extraction.
type framesFlags struct {
	extract.Request
	at     time.Duration
	byTime bool
}

func (q *framesFlags) run(ctx context.Context, cfg *configs.Config, file string) (*extract.Result, error) {
	decoder := openDecoder(cfg.Decode, 1)
	defer closeDecoder(decoder)
	video, err := decoder.Open(ctx, file)
	if err != nil {
		return nil, err
	}
	defer video.Close()
	if length := video.Info().Duration; q.at > length {
		return nil, fmt.Errorf("%s lasts %v, so it shows nothing at %v: want an earlier --at", file, length, q.at)
	}
	if q.byTime {
		q.Start = media.FrameAt(video.Times(), q.at)
	}
	return extract.PNG(ctx, video, cfg.Out, q.Request)
}

// showFrames tells what was written, what of it is damaged, and what is missing.
func showFrames(w io.Writer, dir string, r *extract.Result, asJSON bool) error {
	if asJSON {
		return writeJSON(w, r)
	}
	if n := len(r.Pictures); n > 0 {
		first, last := r.Pictures[0], r.Pictures[n-1]
		text := fmt.Sprintf("frame %d at %.3f s", first.Index, first.Seconds)
		if n > 1 {
			text = fmt.Sprintf("%d frames, %d at %.3f s to %d at %.3f s", n, first.Index, first.Seconds, last.Index, last.Seconds)
		}
		if _, err := fmt.Fprintf(w, "%s: %s of %d\n", dir, text, r.Frames); err != nil {
			return err
		}
	}
	if err := showRuns(w, "damaged", r.Damaged()); err != nil {
		return err
	}
	return showRuns(w, "missing", r.Missing)
}

func showRuns(w io.Writer, what string, runs []extract.Missing) error {
	for _, m := range runs {
		text := fmt.Sprintf("frame %d", m.Start)
		if m.Frames > 1 {
			text = fmt.Sprintf("%d frames, %d to %d", m.Frames, m.Start, m.End)
		}
		if _, err := fmt.Fprintf(w, "%s: %s: %s\n", what, text, m.Reason); err != nil {
			return err
		}
	}
	return nil
}
