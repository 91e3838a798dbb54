package media

import (
	"context"
	"fmt"
	"math"
	"sort"
	"time"
)

// FrameAt returns the frame on display at that time: the last whose
// presentation time, ascending in times, is not later; the first frame before it.
func FrameAt(times []time.Duration, at time.Duration) int {
	return max(sort.Search(len(times), func(i int) bool { return times[i] > at })-1, 0)
}

// SpanAt returns the n frames on display at start, start+step, … of a video
// with these presentation times. Past its end the last frame repeats.
func SpanAt(times []time.Duration, start, step time.Duration, n int) Span {
	s := Span{N: n, Picks: make([]int, n)}
	for j := range s.Picks {
		s.Picks[j] = FrameAt(times, start+time.Duration(j)*step)
	}
	return s
}

// AtRate presents a video at a constant frame rate (frames per second), so that
// spans of videos with different or variable rates cover equal times: Len,
// Times and the spans of Clips count frames of that rate. As in FFmpeg's filter
// fps, frame j shows what is on display just before the middle of its interval,
// (j+1/2)/rate; frames are repeated or left out, never mixed. Clip.Span is the
// span asked for, Frame.Index stays the position in the file, and Frames still
// yields each frame of the file once. A rate of 0 returns the video as it is.
func AtRate(v Video, rate float64) (Video, error) {
	if rate == 0 {
		return v, nil
	}
	times := v.Times()
	length := playTime(times)
	if !(rate > 0) || len(times) > 1 && length <= 0 {
		return nil, &Error{Path: v.Info().Path, Op: "frame rate", Err: ErrUnsupported,
			Detail: fmt.Sprintf("%g frames per second of a video that does not say when its frames are shown: set media.frame_rate to 0", rate)}
	}
	n := math.Round(length.Seconds() * rate)
	if n > mostPaced {
		return nil, &Error{Path: v.Info().Path, Op: "frame rate", Err: ErrTooLarge,
			Detail: fmt.Sprintf("%.0f s at %g frames per second are %.0f frames, want at most %d: its times are wrong, or set media.frame_rate to 0", length.Seconds(), rate, n, mostPaced)}
	}
	return &paced{Video: v, rate: rate, times: times, n: max(int(n), 1)}, nil
}

// mostPaced bounds the frames of a video at a rate: a day at the highest. Damaged
// files name any time.
const mostPaced = 24 * 3600 * maxFrameRate

// playTime is how long the frames are on display: the last as long as all
// others on average.
func playTime(times []time.Duration) time.Duration {
	n := len(times)
	if n < 2 {
		return 0
	}
	return times[n-1] + times[n-1]/time.Duration(n-1)
}

// justBefore decides ties (30 to 15 frames per second has one a frame) for the
// earlier frame, above the rounding of times to nanoseconds.
const justBefore = time.Microsecond

// paced is a video at a frame rate of its own.
type paced struct {
	Video
	rate  float64
	times []time.Duration
	n     int
}

// Len is the number of frames at the rate.
func (p *paced) Len() int { return p.n }

// Times are those at the rate: frame j starts at j/rate.
func (p *paced) Times() []time.Duration {
	times := make([]time.Duration, p.n)
	for j := range times {
		times[j] = p.at(float64(j))
	}
	return times
}

func (p *paced) at(j float64) time.Duration {
	return time.Duration(j / p.rate * float64(time.Second))
}

// Clips picks the frames of the file that the spans show.
func (p *paced) Clips(ctx context.Context, spans ...Span) ([]*Clip, error) {
	picked := make([]Span, len(spans))
	for i, s := range spans {
		if err := s.Validate(); err != nil {
			return nil, &Error{Path: p.Info().Path, Op: "clip", Err: err}
		}
		picked[i] = Span{N: s.N, Picks: make([]int, s.N)}
		for j := range s.N {
			picked[i].Picks[j] = FrameAt(p.times, p.at(float64(s.Frame(j, p.n))+.5)-justBefore)
		}
	}
	clips, err := p.Video.Clips(ctx, picked...)
	if err != nil {
		return nil, err
	}
	for i, c := range clips {
		c.Span = spans[i]
	}
	return clips, nil
}
