package media

import (
	"fmt"
	"slices"
	"strings"
)

// Inputs that a view can be made of.
const (
	// InputRGB is the normalised picture: 3 channels, T steps.
	InputRGB = "rgb"
	// InputDiff is d_t = 2 (x_{t+1} - x_t) of normalised pictures: 3 channels,
	// T-1 steps. Motion is learned from it; the background cancels.
	InputDiff = "diff"
	// InputRGBDiff holds the first T-1 pictures, then the T-1 differences:
	// 6 channels, T-1 steps.
	InputRGBDiff = "rgb+diff"
)

// Inputs lists the values that ClipConfig.Input can take.
func Inputs() []string { return []string{InputRGB, InputDiff, InputRGBDiff} }

// ClipConfig says how a clip is cut and what of it the network sees. It is the
// section `media` of a run's settings.
type ClipConfig struct {
	Frames int `yaml:"frames" doc:"T, source frames of a clip, at least 1; 2 for differences"`
	Stride int `yaml:"stride" doc:"source frames from one to the next, at least 1"`
	// FrameRate, where above 0, is the rate that Stride and every other number of
	// frames counts in, so that clips of all videos cover equal times (AtRate).
	FrameRate float64 `yaml:"frame_rate" doc:"frames per second that clips are cut at, whatever a video has; 0: its own frames"`
	// Sampler and Short may be empty, for random and wrap.
	Sampler string `yaml:"sampler" doc:"of tasks that cut one clip: random, uniform or dense, as clvid list samplers tells"`
	Short   string `yaml:"short" doc:"past the end of a video: wrap (go on at its start), repeat (its last frame) or fail (set it aside)"`
	Size    int    `yaml:"size" doc:"height and width of a view in pixels"`
	Input   string `yaml:"input" doc:"rgb, diff (of frames) or rgb-diff"`
}

// DefaultClip is the recipe of the synthetic motion set.
func DefaultClip() ClipConfig {
	return ClipConfig{Frames: 8, Stride: 2, Sampler: SamplerRandom, Short: ShortWrap, Size: 48, Input: InputDiff}
}

// Validate names the first setting that is out of bounds.
func (c ClipConfig) Validate() error {
	if !slices.Contains(Inputs(), c.Input) {
		return fmt.Errorf("media: media.input is %q, want one of %v", c.Input, Inputs())
	}
	if _, err := c.sampler(); err != nil {
		return err
	}
	if c.Short != "" && !slices.Contains(ShortPolicies(), c.Short) {
		return fmt.Errorf("media: media.short is %q, want one of %s", c.Short, strings.Join(ShortPolicies(), ", "))
	}
	least := 1
	if c.Input != InputRGB {
		least = 2 // a difference needs two frames
	}
	switch {
	case c.Frames < least || c.Frames > maxFrames:
		return fmt.Errorf("media: media.frames is %d, want %d to %d for input %s", c.Frames, least, maxFrames, c.Input)
	case c.Stride < 1 || c.Stride > maxStride:
		return fmt.Errorf("media: media.stride is %d, want 1 to %d", c.Stride, maxStride)
	case !(c.FrameRate >= 0 && c.FrameRate <= maxFrameRate):
		return fmt.Errorf("media: media.frame_rate is %g frames per second, want 0 (a video's own) to %d", c.FrameRate, maxFrameRate)
	case c.Size < 8 || c.Size > maxSize:
		return fmt.Errorf("media: media.size is %d pixels, want 8 to %d", c.Size, maxSize)
	}
	return nil
}

// Bounds that keep a typing error from asking for all memory.
const (
	maxFrames = 1024
	maxStride = 1000
	maxSize   = 1024

	maxFrameRate = 1000
)

// Sampling says in words how frames are taken: "8 frames of stride 2".
func (c ClipConfig) Sampling() string {
	text := fmt.Sprintf("%d frames of stride %d", c.Frames, c.Stride)
	switch c.Sampler {
	case SamplerUniform:
		text = fmt.Sprintf("%d frames, one of each part", c.Frames)
	case SamplerDense:
		text = fmt.Sprintf("%d frames within %d", c.Frames, c.Frames*c.Stride)
	}
	if c.FrameRate > 0 {
		text += fmt.Sprintf(" at %g per second", c.FrameRate)
	}
	return text
}

// Channels is C of a view.
func (c ClipConfig) Channels() int {
	if c.Input == InputRGBDiff {
		return 6
	}
	return 3
}

// Steps is the time axis of a view: T pictures, or T-1 differences.
func (c ClipConfig) Steps() int {
	if c.Input == InputRGB {
		return c.Frames
	}
	return c.Frames - 1
}

// Shape is (C, T, H, W) of a view.
func (c ClipConfig) Shape() [4]int {
	return [4]int{c.Channels(), c.Steps(), c.Size, c.Size}
}

// Len is the number of values of a view.
func (c ClipConfig) Len() int { return c.Channels() * c.Steps() * c.Size * c.Size }

// Extent is the number of source frames from the first to the last of a clip,
// both included.
func (c ClipConfig) Extent() int { return (c.Frames-1)*c.Stride + 1 }
