package media

import (
	"context"
	"errors"
)

// SoundClips is Video.Clips for spans that are not drawn, as evaluations use: a
// clip that touches damage is cut from another place, up to MaxAttempts evenly
// spread ones. It tells how many clips were moved, and fails with ErrCorrupt
// where a clip finds no sound place. A sound file is decoded in one pass.
func SoundClips(ctx context.Context, v Video, spans ...Span) (clips []*Clip, moved int, err error) {
	clips, err = v.Clips(ctx, spans...)
	if !errors.Is(err, ErrCorrupt) {
		return clips, 0, err
	}
	clips = nil
	for _, s := range spans {
		clip, attempt, err := soundClip(ctx, v, s)
		if err != nil {
			return nil, 0, err
		}
		if attempt > 0 {
			moved++
		}
		clips = append(clips, clip)
	}
	return clips, moved, nil
}

func soundClip(ctx context.Context, v Video, s Span) (*Clip, int, error) {
	var first error
	for attempt := range MaxAttempts {
		span, ok := s.moved(attempt, v.Len())
		if !ok {
			break
		}
		clips, err := v.Clips(ctx, span)
		if err == nil {
			return clips[0], attempt, nil
		}
		if !errors.Is(err, ErrCorrupt) {
			return nil, 0, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, 0, first
}

// moved puts a span of a video of n frames at the given one of MaxAttempts
// places, from 0, its own; ok is false where it fills the video.
func (s Span) moved(attempt, n int) (span Span, ok bool) {
	if attempt == 0 {
		return s, true
	}
	picks := make([]int, s.N)
	from, to := n, 0
	for j := range picks {
		picks[j] = s.Frame(j, n)
		from, to = min(from, picks[j]), max(to, picks[j])
	}
	room := n - (to - from) // places for the first frame
	if room < 2 {
		return Span{}, false
	}
	step := (room + MaxAttempts - 1) / MaxAttempts
	by := (from+attempt*step)%room - from
	for j := range picks {
		picks[j] += by
	}
	return picked(picks), true
}
