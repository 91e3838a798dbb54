package media

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"time"
)

// Between presents the stretch of a video that is shown from start on and
// before end, as if it were all: Len, Times and the spans of Clips count from
// its first frame, and Frames yields its frames. Frame.Index and Frame.Time
// stay those of the file. A stretch starts with the first frame shown at or
// after start. An end of 0 is the end of the video; with a start of 0 too the
// video is returned as it is. A video without times, and a stretch that holds
// no frame, are errors.
func Between(v Video, start, end time.Duration) (Video, error) {
	if start == 0 && end == 0 {
		return v, nil
	}
	times := v.Times()
	if len(times) > 1 && times[len(times)-1] == 0 {
		return nil, &Error{Path: v.Info().Path, Op: "stretch", Err: ErrUnsupported,
			Detail: fmt.Sprintf("%s of a video that does not say when its frames are shown", stretchText(start, end))}
	}
	s := &stretch{Video: v, last: len(times)}
	s.first = sort.Search(len(times), func(i int) bool { return times[i] >= start })
	if end != 0 {
		s.last = sort.Search(len(times), func(i int) bool { return times[i] >= end })
	}
	if s.first >= s.last {
		length := time.Duration(0)
		if len(times) > 0 {
			length = times[len(times)-1]
		}
		return nil, &Error{Path: v.Info().Path, Op: "stretch", Err: ErrShort,
			Detail: fmt.Sprintf("no frame in %s: the last frame is shown at %.3f s", stretchText(start, end), length.Seconds())}
	}
	return s, nil
}

// Clear is the longest run of frames of v, a video or a stretch of one, that holds
// none of the listed frames of the file.
func Clear(v Video, bad []int) Video {
	whole, ok := v.(*stretch)
	if !ok {
		whole = &stretch{Video: v, last: v.Len()}
	}
	clear := &stretch{Video: whole.Video}
	from := whole.first
	for _, i := range append(slices.Sorted(slices.Values(bad)), whole.last) {
		if i = min(i, whole.last); i-from > clear.Len() {
			clear.first, clear.last = from, i
		}
		from = max(from, i+1)
	}
	return clear
}

func stretchText(start, end time.Duration) string {
	if end == 0 {
		return fmt.Sprintf("%.3f s to the end", start.Seconds())
	}
	return fmt.Sprintf("%.3f s to %.3f s", start.Seconds(), end.Seconds())
}

// stretch is the frames first to last-1 of a video.
type stretch struct {
	Video
	first, last int
}

// Len is the number of frames of the stretch.
func (s *stretch) Len() int { return s.last - s.first }

// Times are those of the stretch, from its first frame.
func (s *stretch) Times() []time.Duration {
	all := s.Video.Times()
	times := make([]time.Duration, s.Len())
	for i := range times {
		times[i] = all[s.first+i] - all[s.first]
	}
	return times
}

// Clips picks the frames of the file that the spans show.
func (s *stretch) Clips(ctx context.Context, spans ...Span) ([]*Clip, error) {
	picked := make([]Span, len(spans))
	for i, span := range spans {
		if err := span.Validate(); err != nil {
			return nil, &Error{Path: s.Info().Path, Op: "clip", Err: err}
		}
		picked[i] = Span{N: span.N, Picks: make([]int, span.N)}
		for j := range span.N {
			picked[i].Picks[j] = s.first + span.Frame(j, s.Len())
		}
	}
	clips, err := s.Video.Clips(ctx, picked...)
	if err != nil {
		return nil, err
	}
	for i, c := range clips {
		c.Span = spans[i]
	}
	return clips, nil
}

// Frames yields those of the stretch. It ends with its last frame, so damage
// behind it is not told.
func (s *stretch) Frames(ctx context.Context) iter.Seq2[*Frame, error] {
	return func(yield func(*Frame, error) bool) {
		for f, err := range s.Video.Frames(ctx) {
			switch {
			case err != nil:
			case f.Index < s.first:
				continue
			case f.Index >= s.last:
				return
			}
			if !yield(f, err) {
				return
			}
		}
	}
}
