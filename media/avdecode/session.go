package avdecode

// #include "tonemap.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

const (
	probeBytes      = 5_000_000 // read to recognise a container
	analyseMicros   = 5_000_000 // of stream, to learn its parameters
	maxUnkeyed      = 4096      // packets to pass over after a seek, looking for a key
	noFloor         = noPTS
	imagePipeSuffix = "_pipe"
)

// session is one open demuxer and decoder, at one place in a file.
type session struct {
	fc     *astiav.FormatContext
	cc     *astiav.CodecContext // nil until openCodec
	packet *astiav.Packet
	frame  *astiav.Frame // the picture that next returned
	guard  *guard
	note   note
	stream *astiav.Stream
	image  bool // a still-image container: its first picture alone counts
	strict bool // refuse at the first sign of damage
	// gapless streams hold every picture that others refer to.
	gapless bool

	fresh    bool                 // no packet was read
	draining bool                 // the end was sent to the decoder
	last     lastWanted           // what ends the stream early
	sent     int                  // packets sent since the last seek
	keyed    bool                 // a key packet was sent
	floor    int64                // refusals and pictures before this pts do not count
	wanted   func(pts int64) bool // nil: all; else others may be skipped if nothing needs them
	taint    taint
	threaded bool // the decoder has threads of its own

	sws       *C.struct_SwsContext
	converted *C.AVFrame
	transform orientation
	tones     tones
}

// openSession opens the container and finds the video stream, nothing more.
func openSession(ctx context.Context, path string, o Options, g *guard) (*session, error) {
	s := newSession(g)
	if err := s.open(ctx, path, o); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func newSession(g *guard) *session {
	return &session{guard: g, note: newNote(), packet: astiav.AllocPacket(), frame: astiav.AllocFrame(), fresh: true, floor: noFloor}
}

func (s *session) open(ctx context.Context, path string, o Options) error {
	if err := s.openContainer(ctx, path, o); err != nil {
		return err
	}
	if err := s.chooseStream(o); err != nil {
		return err
	}
	C.clvid_discard_others(formatPointer(s.fc), C.int(s.stream.Index()))
	s.image = strings.HasSuffix(s.container(), imagePipeSuffix) || s.container() == "image2"
	s.transform = streamOrientation(s)
	if s.transform == (orientation{}) && s.still() {
		s.transform = heifOrientation(fileHead(path, maxHeifHead))
	}
	return nil
}

// openContainer opens the file and learns what streams it holds.
func (s *session) openContainer(ctx context.Context, path string, o Options) error {
	if err := s.openInput(path, o); err != nil {
		return s.inputError(ctx, path, err)
	}
	err := s.note.during(func() error {
		return code(C.clvid_find_stream_info(formatPointer(s.fc), codecPixels(o)))
	})
	if stop := s.guard.check(ctx); stop != nil {
		return stop
	}
	if err != nil && s.fc.NbStreams() == 0 {
		return s.inputError(ctx, path, err)
	}
	return nil
}

func (s *session) openInput(path string, o Options) error {
	src, err := regular(path)
	if err != nil {
		return err
	}
	options := astiav.NewDictionary()
	defer options.Free()
	for _, kv := range [][2]string{
		{"protocol_whitelist", "file,subfile"},
		{"format_whitelist", formats},
		{"probesize", strconv.Itoa(probeBytes)},
		{"analyzeduration", strconv.Itoa(analyseMicros)},
		{"max_streams", strconv.Itoa(o.Streams)},
		{"pattern_type", "none"}, // a name such as a%d.png is one file
	} {
		if err := options.Set(kv[0], kv[1], 0); err != nil {
			return err
		}
	}
	s.fc = astiav.AllocFormatContext()
	C.clvid_guard_attach(s.guard.c, formatPointer(s.fc))
	err = s.note.during(func() error { return s.fc.OpenInput(src.url(), nil, options) })
	if err != nil {
		// FFmpeg has freed the context; go-astiav's CloseInput would read it.
		s.fc.Free()
		s.fc = nil
	}
	return err
}

func (s *session) container() string { return s.fc.InputFormat().Name() }

// chooseStream takes the first video stream that is not a cover picture. Not
// FFmpeg's "best" stream, which can be another one.
func (s *session) chooseStream(o Options) error {
	kinds := map[string]int{}
	for _, st := range s.fc.Streams() {
		par := st.CodecParameters()
		cover := streamPointer(st).disposition&C.AV_DISPOSITION_ATTACHED_PIC != 0
		if par.MediaType() != astiav.MediaTypeVideo || cover {
			kinds[par.MediaType().String()]++
			continue
		}
		s.stream = st
		return s.checkSize(par.Width(), par.Height(), o)
	}
	switch {
	case kinds["audio"] > 0:
		return &failure{media.ErrNoVideo, fmt.Sprintf("it holds sound alone (%d audio streams)", kinds["audio"])}
	case s.fc.NbStreams() == 0:
		return &failure{media.ErrNoVideo, "the container holds no streams"}
	}
	return &failure{media.ErrNoVideo, fmt.Sprintf("none of its %d streams is video", s.fc.NbStreams())}
}

func (s *session) checkSize(w, h int, o Options) error {
	if s.note.tooLarge() || int64(w)*int64(h) > int64(o.Pixels) {
		return tooLarge(w, h, o, s.note.text())
	}
	return nil
}

func tooLarge(w, h int, o Options, detail string) error {
	if w > 0 && h > 0 {
		detail = fmt.Sprintf("pictures of %dx%d", w, h)
	}
	return &failure{media.ErrTooLarge, fmt.Sprintf("%s, at most %d pixels allowed: raise the limit or scale the file down", detail, o.Pixels)}
}

// explain joins an FFmpeg error with the line that FFmpeg logged about it.
func (s *session) explain(err error) string {
	if text := s.note.text(); text != "" {
		return inPlainWords(text)
	}
	if err == nil {
		return "no reason given"
	}
	return inPlainWords(err.Error())
}

// next decodes up to the next picture, which lies in s.frame until the next
// call. It returns io.EOF at the end. Refused packets are signs in s.taint.
func (s *session) next(ctx context.Context) error {
	for {
		err := s.decoding(func() error { return s.cc.ReceiveFrame(s.frame) })
		switch {
		case err == nil:
			return s.trust()
		case errors.Is(err, astiav.ErrEof):
			return io.EOF
		case errors.Is(err, astiav.ErrEagain) && !s.draining:
			err = s.feed(ctx)
		case errors.Is(err, astiav.ErrEagain):
			return io.EOF // a decoder that wants more after the end
		default:
			err = s.refuse(noPTS, err)
		}
		if err != nil {
			return err
		}
	}
}

// feed sends one packet of the stream, or the end.
func (s *session) feed(ctx context.Context) error {
	if s.last.sent() {
		return s.drain()
	}
	if err := s.read(ctx); err == io.EOF {
		return s.drain()
	} else if err != nil {
		return err
	}
	return s.send()
}

// send gives the decoder the packet that read took.
func (s *session) send() error {
	defer s.packet.Unref()
	pts := s.packet.Pts()
	s.setSkip(pts)
	s.sent++
	s.keyed = s.keyed || s.packet.Flags().Has(astiav.PacketFlagKey)
	C.clvid_number_packet(codecPointer(s.cc), packetPointer(s.packet), C.int64_t(s.sent)) // comes back with the picture
	err := s.decoding(func() error { return s.cc.SendPacket(s.packet) })
	if err != nil && s.lenience() {
		err = s.sendLeniently(err)
	}
	if err != nil {
		return s.refuse(pts, err)
	}
	s.last.note(pts)
	return nil
}

// read takes the next packet of the video stream into s.packet.
func (s *session) read(ctx context.Context) error {
	s.fresh = false
	for {
		if err := s.guard.check(ctx); err != nil {
			return err
		}
		s.packet.Unref()
		err := s.note.during(func() error { return s.fc.ReadFrame(s.packet) })
		if stop := s.guard.check(ctx); stop != nil {
			return stop
		}
		if errors.Is(err, astiav.ErrEof) {
			return io.EOF
		}
		if err != nil { // as FFmpeg's own tools do, take an unreadable rest as the end
			s.taint.refused++
			s.taint.add(2*s.sent+1, s.explain(err))
			return io.EOF
		}
		if s.note.container() {
			s.taint.add(2*s.sent+1, "the container is damaged: "+s.explain(nil))
		}
		if s.packet.StreamIndex() == s.stream.Index() {
			s.incomplete()
			return nil
		}
	}
}

func (s *session) drain() error {
	s.draining = true
	if err := s.note.during(func() error { return s.cc.SendPacket(nil) }); err != nil && !errors.Is(err, astiav.ErrEof) {
		return s.refuse(noPTS, err)
	}
	return nil
}

func (s *session) setSkip(pts int64) {
	skip := C.enum_AVDiscard(C.AVDISCARD_DEFAULT)
	if s.wanted != nil && pts != noPTS && !s.wanted(pts) {
		skip = C.AVDISCARD_NONREF
	}
	codecPointer(s.cc).skip_frame = skip
}

// prime lets an unused decoder see the first packet of the file.
func (s *session) prime(ctx context.Context) error {
	if err := s.feed(ctx); err != nil {
		return err
	}
	if err := s.drain(); err != nil {
		return err
	}
	for {
		err := s.next(ctx)
		if err == io.EOF {
			s.flush()
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// flush forgets what the decoder holds of the present place.
func (s *session) flush() {
	C.avcodec_flush_buffers(codecPointer(s.cc))
	s.draining, s.sent, s.keyed, s.floor, s.taint = false, 0, false, noFloor, taint{}
	s.last.forget()
}

func (s *session) close() {
	C.clvid_wide_free(&s.tones.wide)
	if s.sws != nil {
		C.sws_freeContext(s.sws)
	}
	C.av_frame_free(&s.converted)
	if s.cc != nil {
		s.cc.Free()
	}
	if s.fc != nil {
		s.fc.CloseInput()
	}
	s.frame.Free()
	s.packet.Free()
	s.note.free()
}
