package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/tarindex"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/nn/checkpoint"
)

func newInspect() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inspect FILE|RUN|DATA",
		Short: "tell what a video, a run, a checkpoint or a data set holds",
		Long: `Tells what a path holds: a video or image (size, frames, codec, colour), a run's
folder (settings, progress, losses, evaluations, broken files), a checkpoint
(tensors, metadata: safetensors, the .pth of torch.save, a Hugging Face folder, a
run's weights and state), or a data set (classes, splits, columns).

With --check every frame of a video, or of all videos of a data set, is decoded;
it tells what is damaged, why and what could be saved, and exits with 1 where
anything is.`,
		Example: "  clvid inspect clip.mp4 --check\n  clvid inspect DATA --check\n  clvid inspect RUN\n  clvid inspect RUN/weights.safetensors\n  clvid inspect r3d_18.pth",
		Args:    oneArg("a file or folder"),
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON alone on stdout")
	check := cmd.Flags().Bool("check", false, "decode every frame of a video or a data set and report damage; exit status 1 where there is any")
	decode := configs.DefaultDecode()
	cmd.Flags().BoolVar(&decode.Isolate, "isolate", false, "decode in another process, which the file may crash; sound is not told")
	layout := dataset.Options{}
	cmd.Flags().StringVar(&layout.Format, "format", "", "`NAME` of the layout of a data set, as clvid list formats tells (default: found out)")
	cmd.Flags().StringVar(&layout.Videos, "videos", "", "`FOLDER` of the videos of a data set, where annotations lie apart")
	cmd.Flags().IntVar(&layout.SplitNumber, "split-number", 0, "`N` of the official splits of ucf101 and hmdb51: 1, 2 or 3")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		look := inspection{check: *check, decode: decode, layout: layout, notes: cmd.ErrOrStderr()}
		found, err := look.at(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			err = writeJSON(cmd.OutOrStdout(), found)
		} else {
			err = found.show(cmd.OutOrStdout())
		}
		if c, ok := found.(interface{ broken() error }); ok && err == nil {
			err = c.broken()
		}
		return err
	}
	return cmd
}

// finding is what inspect tells; it is also written as JSON.
type finding interface {
	show(w io.Writer) error
}

// inspection says how a path is looked at.
type inspection struct {
	check  bool // decode every frame
	decode configs.Decode
	layout dataset.Options
	notes  io.Writer // for people: progress
}

// at finds out what a path is.
func (l inspection) at(ctx context.Context, path string) (finding, error) {
	if strings.EqualFold(filepath.Ext(path), ".tar") { // shards, or the archives of old checkpoints
		if found, err := l.set(ctx, path); err == nil {
			return found, nil
		}
	}
	bytes, err := sizeOf(path)
	info, statErr := os.Stat(path)
	switch {
	case statErr != nil && err == nil: // a member of a shard
		return l.video(ctx, path, bytes)
	case statErr != nil && l.layout.Detect(path) != "":
		return l.set(ctx, path)
	case statErr != nil:
		return nil, statErr
	case info.IsDir() && exists(filepath.Join(path, configFile)):
		return inspectRun(path)
	case checkpoint.Is(path) || filepath.Ext(path) == ".safetensors":
		return inspectTensors(path)
	case info.IsDir() || l.layout.Detect(path) != "":
		return l.set(ctx, path)
	}
	found, err := l.video(ctx, path, info.Size())
	if errors.Is(err, media.ErrNoVideo) {
		if sounds := inspectSound(ctx, path, l.decode); sounds != nil {
			return &soundFinding{Kind: "sound", Path: path, Bytes: info.Size(), Sound: sounds}, nil
		}
	}
	return found, err
}

// sizeOf is the number of bytes of a file, or of a member of a tar shard.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err == nil {
		return info.Size(), nil
	}
	shard, name, ok := tarindex.Split(path)
	if !ok {
		return 0, err
	}
	members, err := tarindex.Read(shard)
	for _, m := range members {
		if m.Name == name {
			return m.Size, nil
		}
	}
	return 0, errors.Join(err, fs.ErrNotExist)
}

// videoFinding is a video or an image.
type videoFinding struct {
	Kind string `json:"kind"`
	media.Info
	Bytes   int64             `json:"bytes"`
	Sound   []media.SoundInfo `json:"sound,omitempty"`
	Checked bool              `json:"checked"`
	Decoded int               `json:"decoded_frames,omitempty"`
	Damage  string            `json:"damage,omitempty"` // in words
	Report  *media.Damage     `json:"damage_report,omitempty"`
}

func (l inspection) video(ctx context.Context, path string, bytes int64) (*videoFinding, error) {
	decoder := openDecoder(l.decode, 1)
	defer closeDecoder(decoder)
	video, err := decoder.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer video.Close()
	f := &videoFinding{Kind: "video", Info: video.Info(), Bytes: bytes, Sound: inspectSound(ctx, path, l.decode)}
	if d, ok := video.(interface{ Damage() string }); ok {
		f.Damage = d.Damage()
	}
	if !l.check {
		return f, nil
	}
	return f, f.check(ctx, video, l.decode)
}

func (f *videoFinding) show(w io.Writer) error {
	colour, seconds := f.Matrix+", limited range", f.Duration.Seconds()
	if f.FullRange {
		colour = f.Matrix + ", full range"
	}
	if f.Siting != "" {
		colour += ", chroma sited " + f.Siting
	}
	switch f.Transfer {
	case "smpte2084":
		colour += ", HDR (PQ)"
	case "arib-std-b67":
		colour += ", HDR (HLG)"
	}
	picture := fmt.Sprintf("%d x %d", f.Width, f.Height)
	if f.Rotation != 0 {
		picture += fmt.Sprintf(", turned upright by %d°", f.Rotation)
	}
	if f.Interlaced {
		picture += ", interlaced"
	}
	rate := fmt.Sprintf("%d at %.4g per second", f.Frames, f.FrameRate)
	if f.VariableRate {
		rate = fmt.Sprintf("%d at a variable rate, %.4g per second on average", f.Frames, f.FrameRate)
	}
	rows := [][2]string{
		{"file", fmt.Sprintf("%s (%s)", f.Path, byteCount(f.Bytes))},
		{"container", fmt.Sprintf("%s, stream %d", f.Container, f.Stream)},
		{"codec", fmt.Sprintf("%s, %s", f.Codec, f.PixelFormat)},
		{"picture", picture},
		{"frames", fmt.Sprintf("%s, %s", rate, time.Duration(seconds*float64(time.Second)).Round(time.Millisecond))},
		{"colour", colour},
	}
	rows = append(rows, soundRows(f.Sound)...)
	return showPairs(w, append(rows, f.damageRows()...))
}

// showPairs prints names and values in two columns.
func showPairs(w io.Writer, rows [][2]string) error {
	wide := 0
	for _, r := range rows {
		wide = max(wide, len(r[0]))
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", wide, r[0], r[1]); err != nil {
			return err
		}
	}
	return nil
}

// byteCount writes a size with a unit of 1000.
func byteCount(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	x, i := float64(n), 0
	for x >= 1000 && i < len(units)-1 {
		x, i = x/1000, i+1
	}
	return fmt.Sprintf("%.3g %s", x, units[i])
}
