package main

import (
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/bench"
)

func newBenchDecode() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "decode FILE",
		Short: "time cutting random clips from a video",
		Long: `Times the whole way from a file to views: decode, random crop, antialiased resize,
normalisation to float32. Clips lie at random places; those of one pass (--views)
are decoded together, as the two clips of a video are in contrastive training. One
goroutine works, and nothing decoded is kept from pass to pass. The index of the
file is read before the clock starts.`,
		Example: "  clvid bench decode video.mp4 --clips 32 --frames 16 --stride 2 --size 112 --views 2",
		Args:    oneArg("a video file"),
	}
	c, asJSON := &bench.DecodeConfig{}, false
	decode := configs.DefaultDecode()
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&c.Clips, "clips", 32, "`N` clips in all")
	f.IntVar(&c.Frames, "frames", 16, "`N` frames of a clip")
	f.IntVar(&c.Stride, "stride", 2, "`N` source frames from one to the next")
	f.IntVar(&c.Size, "size", 112, "`PIXELS` of height and width")
	f.IntVar(&c.Views, "views", 1, "`N` clips of the video that are decoded in one pass")
	f.Uint64Var(&c.Seed, "seed", 0, "`N` from which places and crops follow")
	f.BoolVar(&c.Reopen, "reopen", false, "open the video anew for every pass")
	f.BoolVar(&decode.Isolate, "isolate", false, "decode in another process")
	f.BoolVar(&asJSON, "json", false, "print JSON alone on stdout")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := c.Validate(); err != nil {
			return usageError{err}
		}
		decoder := openDecoder(decode, 1)
		defer closeDecoder(decoder)
		report, err := bench.Decode(cmd.Context(), decoder, args[0], *c)
		if err != nil {
			return err
		}
		if asJSON {
			return writeJSON(cmd.OutOrStdout(), report)
		}
		return showDecode(cmd.OutOrStdout(), report, *c)
	}
	return cmd
}

func showDecode(w io.Writer, r *bench.DecodeReport, c bench.DecodeConfig) error {
	t := plainTable()
	t.AppendRows([]table.Row{
		{"video", videoText(r.Video)},
		{"clips", fmt.Sprintf("%d of %d frames, stride %d, %d in a pass, to %d x %d", r.Clips, c.Frames, c.Stride, c.Views, c.Size, c.Size)},
		{"rate", fmt.Sprintf("%.1f clips/s, %.2f ms a clip", r.ClipsPerSecond, 1e3*r.Seconds/float64(r.Clips))},
		{"decoded", fmt.Sprintf("%d frames for %d wanted, %d seeks", r.FramesDecoded, r.Clips*c.Frames, r.Seeks)},
		{"peak memory", fmt.Sprintf("%.0f MB", megabytes(r.PeakRSSBytes))},
	})
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

func videoText(i media.Info) string {
	return fmt.Sprintf("%s, %d x %d, %d frames", i.Codec, i.Width, i.Height, i.Frames)
}
