package avdecode

// #include "shim.h"
import "C"

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// The codecs that an Encoder writes: the values of EncodeOptions.Codec.
const (
	CodecH264  = "h264"  // MP4; libx264 or libopenh264
	CodecMPEG4 = "mpeg4" // MP4; FFmpeg's own
	CodecFFV1  = "ffv1"  // Matroska, lossless; FFmpeg's own
)

// EncodeOptions describe the file that an Encoder writes.
type EncodeOptions struct {
	Width, Height int    // in pixels; even where chroma is subsampled, but for ffv1
	FrameRate     int    // frames per second; 0 means 25; with Like a hint alone
	Codec         string // one of those above; "" means h264, or mpeg4 where nothing writes that
	Quality       int    // CRF of h264 (1..51), quantiser of mpeg4 (1..31); 0 means 20 or 3
	GOP           int    // frames from one key frame to the next; 0 means 16; of ffv1 always 1
	Preset        string // of libx264, "ultrafast" to "placebo"; "" means medium
	// FastDecode trades bytes for decoding speed: no loop filter, no arithmetic
	// coding, no weighted prediction, no keys but GOP's. Three of four frames are
	// B-frames that none refers to, so that a reader of clips decodes only those of
	// them that it wants. Of libx264.
	FastDecode bool
	// Like is a picture of the kind that WriteImage will get: its planes' layout,
	// matrix and range. nil means that Write will get RGB.
	Like *media.Image
}

// maxSide is the longest side that every MP4 codec here takes.
const maxSide = 8192

// ticks is how finely the times of images are kept, in parts of a second: every
// usual frame rate, those over 1.001 included, and milliseconds divide it.
const ticks = 120_000

// presets of libx264.
var presets = []string{"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"}

// encoders names FFmpeg's encoders of each codec, best first.
var encoders = map[string][]string{
	CodecH264: {"libx264", "libopenh264"}, CodecMPEG4: {"mpeg4"}, CodecFFV1: {"ffv1"},
}

// FindEncoder tells which encoder of this FFmpeg writes a codec: the codec it
// comes out as and FFmpeg's name for the encoder. Where nothing writes H.264,
// as in builds without GPL parts, it is mpeg4; callers should then say so.
func FindEncoder(codec string) (actual, encoder string, err error) {
	return findEncoder(codec, func(name string) bool { return astiav.FindEncoderByName(name) != nil })
}

func findEncoder(codec string, have func(name string) bool) (actual, encoder string, err error) {
	if codec == "" {
		codec = CodecH264
	}
	names, known := encoders[codec]
	if !known {
		return "", "", fmt.Errorf("avdecode: encoder: codec %q: want h264, mpeg4 or ffv1", codec)
	}
	if i := slices.IndexFunc(names, have); i >= 0 {
		return codec, names[i], nil
	}
	if codec == CodecH264 {
		return findEncoder(CodecMPEG4, have)
	}
	return "", "", fmt.Errorf("avdecode: encoder: this FFmpeg writes no %s", codec)
}

// Extension is the usual ending of a file of a codec: ".mkv" of ffv1, else ".mp4".
func Extension(codec string) string {
	if codec == CodecFFV1 {
		return ".mkv"
	}
	return ".mp4"
}

// Validate names the first option that no file can be written with.
func (o EncodeOptions) Validate() error {
	_, err := o.complete()
	return err
}

// complete fills in defaults and refuses what no encoder can do. It returns
// FFmpeg's name for the encoder.
func (o *EncodeOptions) complete() (encoder string, err error) {
	if o.Codec, encoder, err = FindEncoder(o.Codec); err != nil {
		return "", err
	}
	if o.FrameRate == 0 {
		o.FrameRate = 25
	}
	if o.GOP == 0 {
		o.GOP = 16
	}
	if o.Preset == "" {
		o.Preset = "medium"
	}
	switch {
	case o.Width < 1 || o.Height < 1 || o.Width > maxSide || o.Height > maxSide:
		return "", fmt.Errorf("avdecode: encoder: size %dx%d: want 1 to %d", o.Width, o.Height, maxSide)
	case o.FrameRate < 1 || o.FrameRate > 1000:
		return "", fmt.Errorf("avdecode: encoder: frame rate %d: want 1 to 1000", o.FrameRate)
	case o.GOP < 1 || o.GOP > 1000:
		return "", fmt.Errorf("avdecode: encoder: GOP %d: want 1 to 1000", o.GOP)
	case !slices.Contains(presets, o.Preset):
		return "", fmt.Errorf("avdecode: encoder: preset %q: want one of %s", o.Preset, strings.Join(presets, ", "))
	}
	if err := o.completeQuality(); err != nil {
		return "", err
	}
	return encoder, o.checkLayout(encoder)
}

func (o *EncodeOptions) completeQuality() error {
	best, quality := 51, 20
	switch o.Codec {
	case CodecMPEG4:
		best, quality = 31, 3
	case CodecFFV1:
		o.Quality, o.GOP = 1, 1 // lossless, and every frame a key
		return nil
	}
	if o.Quality == 0 {
		o.Quality = quality
	}
	if o.Quality < 1 || o.Quality > best {
		return fmt.Errorf("avdecode: encoder: quality %d of %s: want 1 (best) to %d", o.Quality, o.Codec, best)
	}
	return nil
}

// checkLayout holds the size and the planes against what the encoder takes.
func (o *EncodeOptions) checkLayout(encoder string) error {
	like := o.Like
	if like == nil {
		like = &media.Image{SubX: 1, SubY: 1} // what Write makes of RGB
		if o.Codec == CodecFFV1 {
			like = &media.Image{RGB: true}
		}
	} else if like.W != o.Width || like.H != o.Height {
		return fmt.Errorf("avdecode: encoder: size %dx%d, but pictures of %dx%d", o.Width, o.Height, like.W, like.H)
	}
	if o.Codec == CodecFFV1 {
		return nil
	}
	grey := o.Like != nil && like.Planes[1] == nil && !like.RGB
	takes := !like.RGB && !grey && like.SubX == 1 && like.SubY == 1
	if encoder == "libx264" { // 4:2:2, 4:4:4 and grey too
		takes = !like.RGB && like.SubX <= 1 && like.SubY <= like.SubX
	}
	if !takes {
		return fmt.Errorf("avdecode: encoder: %s does not write %s: bring it to 4:2:0, or choose ffv1", encoder, layoutName(like, grey))
	}
	if o.Width%(1<<like.SubX) != 0 || o.Height%(1<<like.SubY) != 0 {
		return fmt.Errorf("avdecode: encoder: size %dx%d: want even numbers from 2 to %d", o.Width, o.Height, maxSide)
	}
	return nil
}

func layoutName(im *media.Image, grey bool) string {
	switch {
	case im.RGB:
		return "RGB"
	case grey:
		return "grey"
	}
	return fmt.Sprintf("chroma of 1/%d x 1/%d", 1<<im.SubX, 1<<im.SubY)
}

// pixelFormat is what the encoder is given.
func (o *EncodeOptions) pixelFormat() C.int {
	like := o.Like
	switch {
	case like == nil && o.Codec == CodecFFV1, like != nil && like.RGB:
		return C.AV_PIX_FMT_BGR0
	case like == nil:
		return C.AV_PIX_FMT_YUV420P
	case like.Planes[1] == nil:
		return C.AV_PIX_FMT_GRAY8
	}
	return planarYUV(like.SubX, like.SubY)
}

// tag writes matrix and range into the codec's context, as the stream will
// carry them. Matrices stand for the primaries and curves that go with them.
func (o *EncodeOptions) tag(c *C.AVCodecContext) {
	c.color_range, c.colorspace = C.AVCOL_RANGE_MPEG, C.AVCOL_SPC_SMPTE170M
	c.color_primaries, c.color_trc = C.AVCOL_PRI_SMPTE170M, C.AVCOL_TRC_SMPTE170M
	if o.pixelFormat() == C.AV_PIX_FMT_BGR0 {
		c.color_range, c.colorspace = C.AVCOL_RANGE_JPEG, C.AVCOL_SPC_RGB
		c.color_primaries, c.color_trc = C.AVCOL_PRI_BT709, C.AVCOL_TRC_IEC61966_2_1
		return
	}
	if o.Like == nil {
		return
	}
	c.chroma_sample_location = chromaLocationOf(o.Like)
	if o.Like.FullRange {
		c.color_range = C.AVCOL_RANGE_JPEG
	}
	switch o.Like.Matrix {
	case media.BT709:
		c.colorspace, c.color_primaries, c.color_trc = C.AVCOL_SPC_BT709, C.AVCOL_PRI_BT709, C.AVCOL_TRC_BT709
	case media.BT2020:
		c.colorspace, c.color_primaries, c.color_trc = C.AVCOL_SPC_BT2020_NCL, C.AVCOL_PRI_BT2020, C.AVCOL_TRC_BT2020_10
	}
}

// settings are the options private to an encoder.
func (o *EncodeOptions) settings(encoder string, c *C.AVCodecContext) map[string]string {
	q := strconv.Itoa(o.Quality)
	switch encoder {
	case "libx264":
		// The vector code of x264's macroblock tree does not repeat itself: without
		// the last setting, or mbtree=0, equal frames give one of dozens of files.
		s := map[string]string{"crf": q, "preset": o.Preset, "x264-params": "cpu-independent=1"}
		if o.FastDecode {
			s["tune"], s["sc_threshold"] = "fastdecode", "0"
			s["bf"], s["b-pyramid"], s["b_strategy"] = "3", "none", "0"
		}
		return s
	case "libopenh264":
		// It knows no CRF: a fixed quantiser instead, which is nearest.
		c.qmin, c.qmax = C.int(o.Quality), C.int(o.Quality)
		return map[string]string{"rc_mode": "quality", "allow_skip_frames": "0", "loopfilter": strconv.Itoa(1 - bit(o.FastDecode))}
	case "mpeg4":
		c.flags |= C.AV_CODEC_FLAG_QSCALE
		c.global_quality = C.int(o.Quality) * C.FF_QP2LAMBDA
		c.qmin = 1 // by default FFmpeg raises 1 to 2
		return nil
	}
	return map[string]string{"level": "3", "slicecrc": "1"}
}
