package avdecode

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// openCodec makes the decoder, see Note [Threads].
func (s *session) openCodec(o Options) error {
	par := s.stream.CodecParameters()
	codec := astiav.FindDecoder(par.CodecID())
	if codec == nil {
		return &failure{media.ErrUnsupported, fmt.Sprintf("FFmpeg has no decoder for codec %s (%s)", s.codecName(), s.tag())}
	}
	s.cc = astiav.AllocCodecContext(codec)
	if err := s.cc.FromCodecParameters(par); err != nil {
		return fmt.Errorf("decoder parameters: %w", err)
	}
	s.cc.SetThreadCount(max(o.Threads, 1))
	c := codecPointer(s.cc)
	if s.threaded = o.Threads > 1; s.threaded {
		c.opaque = unsafe.Pointer(s.note.c)
	}
	c.max_pixels = codecPixels(o)
	c.pkt_timebase = streamPointer(s.stream).time_base
	s.strict, s.gapless = o.Strict, s.holdsAll()
	if s.strict || par.CodecID() == astiav.CodecIDMjpeg {
		c.err_recognition |= C.AV_EF_EXPLODE
	}
	if err := s.note.during(func() error { return s.cc.Open(codec, nil) }); err != nil {
		return &failure{media.ErrUnsupported, fmt.Sprintf("opening decoder %s: %v", codec.Name(), s.explain(err))}
	}
	return nil
}

// codecPixels is the limit that FFmpeg is told. It holds it against pictures
// padded for its own use, so it gets some more; ours is held exactly.
func codecPixels(o Options) C.int64_t {
	const padding = 1 << 18
	return C.int64_t(o.Pixels) + C.int64_t(o.Pixels)/2 + padding
}

func (s *session) codecName() string {
	return C.GoString(C.avcodec_get_name(C.enum_AVCodecID(s.stream.CodecParameters().CodecID())))
}

// tag is the container's own name of the codec.
func (s *session) tag() string {
	var buf [C.AV_FOURCC_MAX_STRING_SIZE]C.char
	return C.GoString(C.av_fourcc_make_string(&buf[0], C.uint32_t(s.stream.CodecParameters().CodecTag())))
}

func (s *session) pts() int64      { return int64(framePointer(s.frame).pts) }
func (s *session) bestPTS() int64  { return int64(framePointer(s.frame).best_effort_timestamp) }
func (s *session) key() bool       { return C.clvid_picture_is_key(framePointer(s.frame)) != 0 }
func (s *session) flagged() string { return frameDamage(framePointer(s.frame)) }
