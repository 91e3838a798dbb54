// Package media holds video as data: frames, clips, presentation indexes, the
// spans that samplers draw and the views that a network sees. It decodes
// nothing; media/avdecode does, behind the Decoder interface below.
package media

import (
	"context"
	"iter"
	"time"
)

// ColourMatrix converts Y'CbCr to R'G'B'.
type ColourMatrix uint8

// The matrices of ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance).
const (
	BT601 ColourMatrix = iota
	BT709
	BT2020
)

// Weights returns Kr and Kb, the shares of red and blue in luma, which define
// the matrix.
func (m ColourMatrix) Weights() (kr, kb float64) {
	switch m {
	case BT709:
		return .2126, .0722
	case BT2020:
		return .2627, .0593
	}
	return .299, .114
}

// Image is one 8-bit planar picture, upright (rotation metadata is already
// applied). With RGB set the planes are R, G, B at full size; otherwise they
// are Y', Cb, Cr, the chroma planes subsampled by 1<<SubX and 1<<SubY
// (rounded up). Grey pictures have Planes[1] and Planes[2] nil.
// The planes are shared and must not be written.
type Image struct {
	W, H       int
	RGB        bool
	SubX, SubY uint8
	// SiteX, SiteY is the place of the first chroma sample, in luma samples from
	// the first luma sample; others follow 1<<SubX and 1<<SubY apart. 0 lies on
	// the first luma sample, Midway(SubX) in the middle of the block.
	SiteX, SiteY float32
	Matrix       ColourMatrix
	FullRange    bool
	Planes       [3][]byte
	Strides      [3]int // bytes from one row to the next
}

// Midway is the siting in the middle of 1<<sub luma samples: .5 of two.
func Midway(sub uint8) float32 { return float32(int(1)<<sub-1) / 2 }

// Frame is one decoded picture of a video.
type Frame struct {
	Index int           // position in display order, from 0
	Time  time.Duration // presentation time, from the first frame
	Key   bool
	// Damage says why the picture cannot be trusted; "" where no sign of damage
	// was seen. What trains or writes leaves such frames out.
	Damage string
	Image
}

// Clip is T decoded frames of one video. Frames are shared between clips and
// read-only.
type Clip struct {
	Video  string
	Span   Span
	Frames []*Frame

	hold *hold // nil: memory that the garbage collector alone looks after
}

// Rect is a crop in source pixels; it may have fractional edges.
type Rect struct{ X, Y, W, H float64 }

// View is one rendering of a clip: crop, resize to W x H, mirror, normalise.
// The zero Crop is the whole picture; a zero Std leaves values in [0,1].
type View struct {
	Crop      Rect
	Flip      bool
	W, H      int
	Mean, Std [3]float32
}

// Info describes one video stream.
type Info struct {
	Path         string        `json:"path"`
	Container    string        `json:"container"`
	Codec        string        `json:"codec"`
	PixelFormat  string        `json:"pixel_format"`
	Width        int           `json:"width"`  // upright
	Height       int           `json:"height"` // upright
	Rotation     int           `json:"rotation_degrees"`
	FrameRate    float64       `json:"frame_rate"` // frames per second, average
	Duration     time.Duration `json:"duration_ns"`
	Frames       int           `json:"frames"` // as indexed
	Stream       int           `json:"stream"` // index in the container
	Matrix       string        `json:"colour_matrix"`
	FullRange    bool          `json:"full_range"`
	Transfer     string        `json:"transfer,omitempty"`      // by FFmpeg's names: smpte2084 (PQ) and arib-std-b67 (HLG) are HDR; "" where nothing is said
	Interlaced   bool          `json:"interlaced,omitempty"`    // as the first picture is flagged
	VariableRate bool          `json:"variable_rate,omitempty"` // frames are not equally far apart
	Siting       string        `json:"chroma_siting,omitempty"` // left, center, topleft, ... as stored; "" without subsampled chroma
}

// Video is an open file. One goroutine at a time may use it.
type Video interface {
	Info() Info
	// Len is the number of frames in display order, as indexed: damaged ones
	// are among them.
	Len() int
	// Times are the presentation times of all frames in display order, from the
	// first; zero throughout where a file of several frames says none. Read-only.
	Times() []time.Duration
	// Clips decodes the spans in one ordered pass; result i is spans[i].
	// Every picture is exactly the one that sequential decoding yields. Where
	// a frame of them is damaged the error is ErrCorrupt, and the video stays
	// usable: other spans may be sound.
	Clips(ctx context.Context, spans ...Span) ([]*Clip, error)
	// Frames decodes all frames in display order, on both sides of damage. It
	// yields every picture that comes out, with Frame.Damage where it cannot be
	// trusted; frames that do not come out are missing from the numbers. The
	// last word on a damaged file is an error that holds a *Damage. A frame
	// stays valid after the iteration.
	Frames(ctx context.Context) iter.Seq2[*Frame, error]
	Close() error
}

// Stats counts the work of a video since it was opened: opened demuxers, seeks,
// and pictures that the decoder gave, wanted or not. A Video may have a method
// Stats that returns it.
type Stats struct{ Opens, Seeks, Frames int }

// Add sums up.
func (s *Stats) Add(o Stats) {
	s.Opens += o.Opens
	s.Seeks += o.Seeks
	s.Frames += o.Frames
}

// Decoder opens videos and images. It may be used by many goroutines.
type Decoder interface {
	Open(ctx context.Context, path string) (Video, error)
}
