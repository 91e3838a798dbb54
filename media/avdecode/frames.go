package avdecode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/clvid/clvid/media"
)

// Frames decodes all frames in display order. Where damage is met, the sound
// frames before it come first, then one error that says how many of how many
// frames are sound.
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
		defer v.begin(ctx)()
		defer v.drop()
		if err := v.eachFrame(ctx, yield); err != nil && err != errStopped {
			yield(nil, err)
		}
	}
}

// errStopped says that the consumer has seen enough.
var errStopped = errors.New("stopped")

func (v *video) eachFrame(ctx context.Context, yield func(*media.Frame, error) bool) error {
	if err := v.restart(ctx); err != nil {
		return err
	}
	sound, damagedAt, why := 0, -1, ""
	for {
		v.guard.again(ctx, v.decoder.options.Timeout)
		i, err := v.advance(ctx)
		if err == io.EOF {
			break
		}
		if errors.Is(err, errMissed) {
			if damagedAt < 0 {
				damagedAt, why = max(v.at, 0), v.reason()
			}
			break
		}
		if err != nil {
			return err
		}
		if v.tainted && damagedAt < 0 {
			damagedAt, why = i, v.reason()
		}
		if v.tainted {
			continue
		}
		sound++
		if damagedAt >= 0 {
			continue
		}
		if err := v.give(i, yield); err != nil {
			return err
		}
	}
	return v.verdict(sound, damagedAt, why)
}

func (v *video) give(i int, yield func(*media.Frame, error) bool) error {
	one := map[int]*media.Frame{}
	if err := v.keep(i, one); err != nil {
		return err
	}
	if !yield(one[i], nil) {
		return errStopped
	}
	return nil
}

// verdict is the last word of a whole pass.
func (v *video) verdict(sound, damagedAt int, why string) error {
	total := v.Len()
	if v.index.Damage != "" {
		total = max(total, v.index.Promised)
	}
	switch {
	case damagedAt >= 0:
		damagedAt = min(damagedAt, v.Len()-1)
		return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames are sound, damage from %s: %s", sound, total, at(damagedAt, v.index.Times[damagedAt]), why)}
	case sound < v.Len(), v.session.damage.refused > 0:
		return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames are sound, the rest is missing: %s", sound, total, v.reason())}
	case v.index.Damage != "":
		return &failure{media.ErrCorrupt, fmt.Sprintf("%d of %d frames are sound: %s", sound, total, v.index.Damage)}
	}
	return nil
}
