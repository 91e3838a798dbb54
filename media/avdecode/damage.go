package avdecode

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"

	"github.com/clvid/clvid/media"
)

// taint is what the damage met since the last seek does to pictures. A sign
// lies at a place in the order of sent packets: twice a packet's number, one
// more for the gap behind it.
type taint struct {
	signs   []sign
	refused int // packets that the decoder or the demuxer refused
}

type sign struct {
	place int
	why   string
}

func (t *taint) add(place int, why string) { t.signs = append(t.signs, sign{place, why}) }

// of tells why the picture of packet n cannot be trusted, or "". A clean key
// picture ends what earlier packets began: with reordering it may come out
// after a later packet was refused, whose sign then stays.
func (t *taint) of(n int, cleanKey bool) string {
	if cleanKey && n > 0 {
		t.signs = slices.DeleteFunc(t.signs, func(s sign) bool { return s.place < 2*n })
	}
	for _, s := range t.signs {
		if n <= 0 || s.place <= 2*n {
			return s.why
		}
	}
	return ""
}

// first is the reason of the first sign, or "".
func (t *taint) first() string {
	if len(t.signs) > 0 {
		return t.signs[0].why
	}
	return ""
}

// judge sets v.mark for the present picture, frame i. See Note [Damage].
func (v *video) judge(i int) {
	s := v.session
	n, flagged := s.packetOfPicture(), s.flagged()
	switch {
	case flagged != "" && n > 0:
		s.taint.add(2*n, flagged)
	case flagged != "":
		s.taint.add(2*s.sent, flagged)
	case v.index.Access != through && s.wanted == nil && i > v.at && n > 0:
		s.taint.add(2*n-1, fmt.Sprintf("%d frames before %s are missing", i-v.at, at(i, v.index.Times[i])))
	}
	v.mark = s.taint.of(n, s.key() && flagged == "")
}

// errDamaged says that a wanted frame is damaged; the video can still be used.
var errDamaged = errors.New("damaged")

// damaged is the error for a frame that damage touches.
func (v *video) damaged(i int, why string) error {
	if why == "" {
		why = v.reason()
	}
	return media.DamagedAt(i, v.index.Times[i], why)
}

func (v *video) reason() string {
	if v.session != nil && v.session.taint.first() != "" {
		return v.session.taint.first()
	}
	if v.index.Damage != "" {
		return v.index.Damage
	}
	return "the decoder left out a picture"
}

// packetOfPicture is the number of the sent packet that the present picture
// came from; 0 where the decoder does not tell.
func (s *session) packetOfPicture() int {
	n := int(C.clvid_picture_number(framePointer(s.frame)))
	if n < 0 || n > s.sent {
		return 0
	}
	return n
}

// report collects what a whole pass finds.
type report struct {
	media.Damage
	index *index
	next  int // frame after the last that came out
}

// meet notes frame i with its mark; frames between the last one and it are
// lost for the given reason.
func (r *report) meet(i int, mark, lostFor string) {
	r.lose(i, lostFor)
	r.Decoded++
	if mark == "" {
		r.Sound++
	} else {
		r.Add(i, r.index.timeOf(i), false, mark)
	}
	r.next = i + 1
}

// lose notes that the frames up to i did not come out.
func (r *report) lose(i int, why string) {
	for ; r.next < i; r.next++ {
		r.Add(r.next, r.index.timeOf(r.next), true, why)
	}
}
