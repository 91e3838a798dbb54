package avdecode

// #include "shim.h"
import "C"

import (
	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// decoding runs a call of the decoder and notes where it missed pictures.
func (s *session) decoding(f func() error) error {
	err := s.note.during(f)
	if s.note.gap() && s.gapless && s.keyed {
		s.taint.add(2*s.sent-1, "pictures are missing from the stream")
	}
	return err
}

// lenience tells whether a refused packet may still hold half a picture:
// FFmpeg's MJPEG decoder hands those out without a flag, unless told to refuse.
func (s *session) lenience() bool {
	return s.stream.CodecParameters().CodecID() == astiav.CodecIDMjpeg && !s.strict && !s.note.tooLarge()
}

// sendLeniently sends a packet again that was refused with why, takes what
// comes, and notes the sign.
func (s *session) sendLeniently(why error) error {
	reason, c := s.explain(why), codecPointer(s.cc)
	C.avcodec_flush_buffers(c)
	strict := c.err_recognition
	c.err_recognition &^= C.AV_EF_EXPLODE
	defer func() { c.err_recognition = strict }()
	if err := s.note.during(func() error { return s.cc.SendPacket(s.packet) }); err != nil {
		return err
	}
	s.taint.add(2*s.sent, reason)
	return nil
}

// incomplete notes what the demuxer says of the packet just read. MPEG-TS marks
// a packet where bytes are missing in it or behind it, so also the whole one in
// front of each join of a joined file: there what follows is in doubt, and the
// packet itself is the decoder's to judge.
func (s *session) incomplete() {
	if !s.packet.Flags().Has(astiav.PacketFlagCorrupt) {
		return
	}
	place, why := 2*(s.sent+1), "a packet is incomplete"
	if s.container() == "mpegts" {
		place, why = place+1, "bytes of the stream are missing"
	}
	s.taint.add(place, why)
}

// refuse notes damage at the present packet. It returns an error only for a
// picture over the size limit.
func (s *session) refuse(pts int64, err error) error {
	if s.threaded {
		return errFragile
	}
	if s.note.tooLarge() {
		return &failure{media.ErrTooLarge, s.note.text()}
	}
	if pts != noPTS && s.floor != noFloor && pts < s.floor {
		return nil // leading pictures of an open GOP: their references lie before our entry
	}
	if s.sent > 0 && !s.keyed && !s.image {
		return nil // a stream that starts in the middle of a GOP
	}
	s.taint.refused++
	s.taint.add(2*s.sent, s.explain(err))
	return nil
}

// frameDamage tells in words what FFmpeg flagged, or "".
func frameDamage(f *C.AVFrame) string {
	switch {
	case f.decode_error_flags&C.FF_DECODE_ERROR_MISSING_REFERENCE != 0:
		return "a reference picture is missing"
	case f.decode_error_flags != 0:
		return "the bitstream is damaged"
	case f.flags&C.AV_FRAME_FLAG_CORRUPT != 0:
		return "the picture is incomplete"
	}
	return ""
}
