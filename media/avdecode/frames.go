package avdecode

import (
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/clvid/clvid/media"
)

// Frames decodes all frames in display order, through damage and beyond it. A
// damaged file's last word is a *media.Damage.
func (v *video) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		for f, err := range v.frames(ctx) {
			if !yield(f, fail(v.path, "frames", v.decoder.options, err)) {
				return
			}
		}
	}
}

func (v *video) frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		var end func()
		if err := v.watch(ctx, func() error { end = v.begin(ctx); return nil }); err != nil {
			yield(nil, err)
			return
		}
		defer func() {
			if !v.abandoned {
				v.endWeave()
				v.drop()
				end()
			}
		}()
		if err := v.anyThreads(ctx, yield); err != nil && err != errStopped {
			yield(nil, err)
		}
	}
}

// errStopped says that the consumer has seen enough.
var errStopped = errors.New("stopped")

func (v *video) eachFrame(ctx context.Context, yield func(*media.Frame, error) bool) error {
	if err := v.watch(ctx, func() error { return v.restart(ctx) }); err != nil {
		return err
	}
	v.lenient = true
	v.weave(nil)
	r := &report{index: v.index, Damage: media.Damage{Bytes: v.id.Size, Read: v.index.Read}}
	for {
		var frames []*media.Frame
		err := v.watch(ctx, func() (err error) {
			v.guard.again(ctx, v.decoder.options.Timeout)
			frames, err = v.nextFrames(ctx)
			return err
		})
		if err != nil && err != io.EOF {
			return err
		}
		for _, f := range frames {
			r.meet(f.Index, f.Damage, v.reason())
			if !yield(f, nil) {
				return errStopped
			}
		}
		if err == io.EOF {
			return v.verdict(r)
		}
	}
}

// nextFrames decodes a picture and returns the frames that come out: one, or
// where they are deinterlaced none to two. With io.EOF the last may come.
func (v *video) nextFrames(ctx context.Context) ([]*media.Frame, error) {
	kept := map[int]*media.Frame{}
	i, end := v.advance(ctx)
	if end != nil && end != io.EOF {
		return nil, end
	}
	var err error
	if end == nil {
		err = v.keep(i, kept)
	} else {
		err = v.endRun(kept)
	}
	if err != nil {
		return nil, err
	}
	var frames []*media.Frame
	for _, i := range slices.Sorted(maps.Keys(kept)) {
		frames = append(frames, kept[i])
	}
	return frames, end
}

// verdict is the last word of a whole pass: nil, or a *media.Damage.
func (v *video) verdict(r *report) error {
	r.Frames = v.Len()
	if v.index.Damage != "" && !v.session.image {
		r.Frames = max(r.Frames, v.index.Promised)
	}
	r.lose(r.Frames, v.reason())
	if r.Reason == "" && v.session.taint.refused > 0 {
		r.Reason = v.session.taint.first()
	}
	if r.Reason == "" {
		r.Reason = v.index.Damage
	}
	if r.Reason == "" {
		return nil
	}
	return &r.Damage
}
