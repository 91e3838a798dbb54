package avdecode

// #include "shim.h"
import "C"

import (
	"context"
	"errors"

	"github.com/clvid/clvid/media"
)

// errFragile says that a decoder with threads met a sign of damage, see
// Note [Threads].
var errFragile = errors.New("damage under threads")

// trust lets a picture pass unless a decoder with threads has seen damage.
func (s *session) trust() error {
	if s.threaded && (s.flagged() != "" || C.clvid_note_signs(s.note.c) > 0) {
		return errFragile
	}
	return nil
}

// threadOptions are the decoder's, with one thread for what shows damage, and
// for HEVC, of which damage may show no sign and yet change what threads give.
func (v *video) threadOptions() Options {
	o := v.decoder.options
	if v.index.fragile.Load() || v.index.Damage != "" || v.index.Info.Codec == "hevc" {
		o.Threads = 1
	}
	return o
}

// single tells whether the work must be done anew by one thread, and sees to
// it that it will be.
func (v *video) single(err error) bool {
	if !errors.Is(err, errFragile) {
		return false
	}
	v.index.fragile.Store(true)
	v.drop()
	return true
}

// anyThreads yields every frame once, though the decoder may change on the way.
func (v *video) anyThreads(ctx context.Context, yield func(*media.Frame, error) bool) error {
	given := 0
	err := v.eachFrame(ctx, func(f *media.Frame, err error) bool {
		given++
		return yield(f, err)
	})
	if !v.single(err) {
		return err
	}
	return v.eachFrame(ctx, func(f *media.Frame, err error) bool {
		if given > 0 {
			given--
			return true
		}
		return yield(f, err)
	})
}
