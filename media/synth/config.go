// Package synth makes small labelled and captioned videos of moving shapes, so
// that everything can be tried without a download. The class of a video is its
// motion alone: shape, colour, size, place, background and codec are drawn
// independently of it.
package synth

import (
	"fmt"
	"slices"
)

// Config says how many videos to make, and how large.
type Config struct {
	Unlabelled int // videos of split unlabelled, without labels
	Train      int // labelled videos to learn from
	Test       int // labelled videos to test on
	Seed       uint64
	Size       int    // height and width in pixels, even, 32 to 512
	Frames     int    // of each video, 2 to 1000
	FrameRate  int    // frames per second, 1 to 240
	Codec      string // one of Codecs
}

// The codecs of Config: mixed writes half of each class in either.
const (
	CodecMixed = "mixed"
	CodecH264  = "h264"
	CodecMPEG4 = "mpeg4"
)

// Codecs lists the values of Config.Codec.
func Codecs() []string { return []string{CodecMixed, CodecH264, CodecMPEG4} }

// Default is the set that the shipped tables are measured on.
func Default() Config {
	return Config{Unlabelled: 480, Train: 100, Test: 200, Seed: 1, Size: 64, Frames: 24, FrameRate: 25, Codec: CodecMixed}
}

// Validate names the first setting that is out of bounds.
func (c Config) Validate() error {
	switch {
	case c.Unlabelled < 0 || c.Train < 0 || c.Test < 0:
		return fmt.Errorf("synth: %d unlabelled, %d train, %d test videos: want 0 or more of each", c.Unlabelled, c.Train, c.Test)
	case c.Videos() == 0 || c.Videos() > maxVideos:
		return fmt.Errorf("synth: %d videos in all, want 1 to %d", c.Videos(), maxVideos)
	case c.Size < 32 || c.Size > 512 || c.Size%2 != 0:
		return fmt.Errorf("synth: size is %d pixels, want an even number from 32 to 512", c.Size)
	case c.Frames < 2 || c.Frames > 1000:
		return fmt.Errorf("synth: %d frames, want 2 to 1000", c.Frames)
	case c.FrameRate < 1 || c.FrameRate > 240:
		return fmt.Errorf("synth: %d frames per second, want 1 to 240", c.FrameRate)
	case !slices.Contains(Codecs(), c.Codec):
		return fmt.Errorf("synth: codec %q, want one of %v", c.Codec, Codecs())
	}
	return nil
}

// maxVideos keeps a typing error from filling a disk.
const maxVideos = 1_000_000

// Videos is how many there are in all.
func (c Config) Videos() int { return c.Unlabelled + c.Train + c.Test }

// split is a part of the set with a generator seed of its own.
type split struct {
	name     string
	videos   int
	labelled bool
}

func (c Config) splits() []split {
	return []split{{"unlabelled", c.Unlabelled, false}, {"train", c.Train, true}, {"test", c.Test, true}}
}
