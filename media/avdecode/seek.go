package avdecode

import (
	"context"
	"errors"
	"io"
	"slices"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

const (
	maxSteps     = 3 // keys to step back before a file is decoded through
	forwardSlack = 4 // frames that decoding on is cheaper than a seek and a flush
)

// errUnclean says that a key packet is no clean entry.
var errUnclean = errors.New("unclean entry")

// seeking meets the wanted frames, ascending, with as few decoded pictures as
// the keys allow.
func (v *video) seeking(ctx context.Context, wanted []int, frames map[int]*media.Frame) error {
	// Pictures past the last may have been skipped: there is no way on from here.
	defer func() { v.at, v.pending = -1, false }()
	needed := v.neededTimes(wanted)
	times := make([]int64, len(wanted))
	for j, w := range wanted {
		times[j] = v.index.Order[w]
	}
	for j, w := range wanted {
		v.expect(times[j:])
		entered, err := v.reach(ctx, w, needed)
		v.expect(times[j:])
		if err == nil {
			err = v.onTo(ctx, w, frames)
		}
		if errors.Is(err, errDamaged) && !entered {
			// Damage on the way tells nothing of what lies behind the next key.
			v.forget()
			if _, err = v.reach(ctx, w, needed); err == nil {
				v.expect(times[j:])
				err = v.onTo(ctx, w, frames)
			}
		}
		if errors.Is(err, errDamaged) {
			return v.damaged(w, v.mark)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// expect tells the session what is still to come, where that may end it early.
func (v *video) expect(times []int64) {
	if v.session != nil && v.index.endsEarly() {
		v.session.last.expect(times)
	}
}

// onTo decodes up to frame w and keeps it. It is errDamaged where w is marked
// or did not come out of a damaged stretch, errMissed where it did not come out
// and nothing says why.
func (v *video) onTo(ctx context.Context, w int, frames map[int]*media.Frame) error {
	for v.at <= w || v.pending {
		i, err := v.advance(ctx)
		switch {
		case err == nil && i < w:
			continue
		case err == nil && i == w && v.mark == "":
			return v.keep(i, frames)
		case err == nil && i == w:
			return errDamaged
		case err != nil && err != io.EOF && !errors.Is(err, errMissed):
			return err
		case v.session.taint.first() != "":
			v.mark = v.session.taint.first()
			return errDamaged
		}
		return errMissed
	}
	return nil
}

// neededTimes returns the test for packets that must be decoded to a picture;
// nil where the codec is not known to stand skipping.
func (v *video) neededTimes(wanted []int) func(pts int64) bool {
	if !v.index.Skip {
		return nil
	}
	return func(pts int64) bool {
		i, ok := v.index.find(pts)
		if !ok {
			return true
		}
		_, ok = slices.BinarySearch(wanted, i)
		return ok
	}
}

// reach brings the decoder to a place from which decoding on meets frame w. It
// tells whether it came there anew, by a seek or from the start.
func (v *video) reach(ctx context.Context, w int, needed func(int64) bool) (entered bool, err error) {
	if v.at >= 0 && v.at <= w && v.keyBefore(w, len(v.index.Keys)).Frame <= v.at+forwardSlack {
		return false, nil
	}
	k := len(v.index.Keys)
	for range maxSteps + 1 {
		var entry key
		if entry, k = v.keyIndex(w, k); k < 0 || entry.Frame == 0 && v.session == nil {
			break
		}
		err := v.enter(ctx, entry, w, needed)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, errUnclean) {
			return true, err
		}
		v.index.rejected[k].Store(true)
	}
	if err := v.restart(ctx); err != nil {
		return true, err
	}
	v.session.wanted = needed
	return true, nil
}

// keyBefore returns the best entry for frame w among the first k keys, frame 0
// where there is none.
func (v *video) keyBefore(w, k int) key {
	entry, _ := v.keyIndex(w, k)
	return entry
}

// keyIndex finds the last key among the first k that is at or before frame w
// and was not rejected; -1 where there is none.
func (v *video) keyIndex(w, k int) (key, int) {
	for k--; k >= 0; k-- {
		if e := v.index.Keys[k]; e.Frame <= w && !v.index.rejected[k].Load() {
			return e, k
		}
	}
	return key{}, -1
}

// enter seeks to a key and accepts it only if the first picture at or after
// its time is the key's own, without a sign of damage.
func (v *video) enter(ctx context.Context, k key, w int, needed func(int64) bool) error {
	if v.session == nil {
		if err := v.restart(ctx); err != nil {
			return err
		}
	}
	s := v.session
	if s.fresh {
		if err := s.prime(ctx); err != nil {
			return err
		}
	}
	v.stats.Seeks++
	v.forget()
	if err := v.seek(k); err != nil {
		return errUnclean
	}
	s.flush()
	s.wanted = needed
	frame, err := v.firstKey(ctx, w)
	if err != nil {
		return err
	}
	return v.firstPicture(ctx, frame)
}

func (v *video) seek(k key) error {
	s := v.session
	if v.index.Access == seekByte {
		return s.fc.SeekFrame(-1, k.Pos, astiav.NewSeekFlags(astiav.SeekFlagByte))
	}
	return s.fc.SeekFrame(s.stream.Index(), k.PTS, astiav.NewSeekFlags(astiav.SeekFlagBackward))
}

// firstKey passes over packets to the first key that the index knows, at or
// before frame w, and sends it.
func (v *video) firstKey(ctx context.Context, w int) (frame int, err error) {
	s := v.session
	for range maxUnkeyed {
		if err := s.read(ctx); err == io.EOF {
			return 0, errUnclean
		} else if err != nil {
			return 0, err
		}
		if !s.packet.Flags().Has(astiav.PacketFlagKey) {
			continue
		}
		i, ok := v.index.find(s.packet.Pts())
		if !ok || i > w {
			return 0, errUnclean
		}
		s.floor = s.packet.Pts()
		needed := s.wanted
		s.wanted = nil
		err := s.send()
		s.wanted = needed
		return i, err
	}
	return 0, errUnclean
}

// firstPicture decodes the entry's picture and holds it as pending.
func (v *video) firstPicture(ctx context.Context, frame int) error {
	s := v.session
	for {
		if err := s.next(ctx); err == io.EOF {
			return errUnclean
		} else if err != nil {
			return err
		}
		v.stats.Frames++
		if pts := s.pts(); pts == noPTS || pts > s.floor {
			return errUnclean
		} else if pts == s.floor {
			break
		}
	}
	if s.flagged() != "" || s.taint.refused > 0 {
		return errUnclean
	}
	s.taint.of(s.packetOfPicture(), true) // what lies before this entry is no matter
	v.at, v.pending, v.mark = frame+1, true, ""
	return nil
}
