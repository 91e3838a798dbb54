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
		Use:   "inspect FILE|RUN",
		Short: "tell what a video, a run, a checkpoint or a data set holds",
		Long: `Tells what a path holds: a video or image (size, frames, codec, colour; with
--check every frame is decoded and damage is reported), a run's folder
(settings, progress, losses, evaluations), a checkpoint (tensors, metadata:
safetensors, the .pth of torch.save, a Hugging Face folder, a run's weights and
state), or a data set (classes, splits, columns).`,
		Example: "  clvid inspect clip.mp4 --check\n  clvid inspect RUN\n  clvid inspect RUN/weights.safetensors\n  clvid inspect r3d_18.pth",
		Args:    oneArg("a file or folder"),
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON alone on stdout")
	check := cmd.Flags().Bool("check", false, "decode every frame of a video and report damage")
	decode := configs.DefaultDecode()
	cmd.Flags().BoolVar(&decode.Isolate, "isolate", false, "decode in another process, which the file may crash; sound is not told")
	layout := dataset.Options{}
	cmd.Flags().StringVar(&layout.Format, "format", "", "`NAME` of the layout of a data set, as clvid list formats tells (default: found out)")
	cmd.Flags().StringVar(&layout.Videos, "videos", "", "`FOLDER` of the videos of a data set, where annotations lie apart")
	cmd.Flags().IntVar(&layout.SplitNumber, "split-number", 0, "`N` of the official splits of ucf101 and hmdb51: 1, 2 or 3")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		found, err := inspect(cmd.Context(), args[0], *check, decode, layout)
		if err != nil {
			return err
		}
		if *asJSON {
			return writeJSON(cmd.OutOrStdout(), found)
		}
		return found.show(cmd.OutOrStdout())
	}
	return cmd
}

// finding is what inspect tells; it is also written as JSON.
type finding interface {
	show(w io.Writer) error
}

// inspect finds out what a path is.
func inspect(ctx context.Context, path string, check bool, decode configs.Decode, layout dataset.Options) (finding, error) {
	if strings.EqualFold(filepath.Ext(path), ".tar") { // shards, or the archives of old checkpoints
		if found, err := inspectSet(path, layout); err == nil {
			return found, nil
		}
	}
	bytes, err := sizeOf(path)
	info, statErr := os.Stat(path)
	switch {
	case statErr != nil && err == nil: // a member of a shard
		return inspectVideo(ctx, path, bytes, check, decode)
	case statErr != nil && layout.Detect(path) != "":
		return inspectSet(path, layout)
	case statErr != nil:
		return nil, statErr
	case info.IsDir() && exists(filepath.Join(path, configFile)):
		return inspectRun(path)
	case checkpoint.Is(path) || filepath.Ext(path) == ".safetensors":
		return inspectTensors(path)
	case info.IsDir() || layout.Detect(path) != "":
		return inspectSet(path, layout)
	}
	found, err := inspectVideo(ctx, path, info.Size(), check, decode)
	if errors.Is(err, media.ErrNoVideo) {
		if sounds := inspectSound(ctx, path, decode); sounds != nil {
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
	Damage  string            `json:"damage,omitempty"`
}

func inspectVideo(ctx context.Context, path string, bytes int64, check bool, decode configs.Decode) (*videoFinding, error) {
	decoder := openDecoder(decode, 1)
	defer closeDecoder(decoder)
	video, err := decoder.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	defer video.Close()
	f := &videoFinding{Kind: "video", Info: video.Info(), Bytes: bytes, Sound: inspectSound(ctx, path, decode), Checked: check}
	if d, ok := video.(interface{ Damage() string }); ok {
		f.Damage = d.Damage()
	}
	if !check {
		return f, nil
	}
	for _, err := range video.Frames(ctx) {
		if err != nil {
			f.Damage = err.Error()
			break
		}
		f.Decoded++
	}
	if f.Damage == "" && f.Decoded != f.Frames {
		f.Damage = fmt.Sprintf("%d frames decoded, %d indexed", f.Decoded, f.Frames)
	}
	if f.Damage == "" {
		f.Damage = strictDamage(ctx, path, decode)
	}
	return f, ctx.Err()
}

// strictDamage decodes again and stops at what a lenient decoder hides.
func strictDamage(ctx context.Context, path string, decode configs.Decode) string {
	decode.Strict = true
	decoder := openDecoder(decode, 1)
	defer closeDecoder(decoder)
	video, err := decoder.Open(ctx, path)
	if err != nil {
		return err.Error()
	}
	defer video.Close()
	for _, err := range video.Frames(ctx) {
		if err != nil {
			return err.Error()
		}
	}
	return ""
}

func (f *videoFinding) show(w io.Writer) error {
	colour, seconds := f.Matrix+", limited range", f.Duration.Seconds()
	if f.FullRange {
		colour = f.Matrix + ", full range"
	}
	if f.Siting != "" {
		colour += ", chroma sited " + f.Siting
	}
	picture := fmt.Sprintf("%d x %d", f.Width, f.Height)
	if f.Rotation != 0 {
		picture += fmt.Sprintf(", turned upright by %d°", f.Rotation)
	}
	rows := [][2]string{
		{"file", fmt.Sprintf("%s (%s)", f.Path, byteCount(f.Bytes))},
		{"container", fmt.Sprintf("%s, stream %d", f.Container, f.Stream)},
		{"codec", fmt.Sprintf("%s, %s", f.Codec, f.PixelFormat)},
		{"picture", picture},
		{"frames", fmt.Sprintf("%d at %.4g per second, %s", f.Frames, f.FrameRate, time.Duration(seconds*float64(time.Second)).Round(time.Millisecond))},
		{"colour", colour},
	}
	rows = append(rows, soundRows(f.Sound)...)
	switch {
	case f.Damage != "":
		rows = append(rows, [2]string{"damage", f.Damage})
	case f.Checked:
		rows = append(rows, [2]string{"damage", fmt.Sprintf("none in %d frames", f.Decoded)})
	}
	return showPairs(w, rows)
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
