package prepare

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clvid/clvid/media"
)

// Speed compares cutting clips from some inputs and from what was made of them:
// the same spans, cut one after the other to views of 112 px. A second is one of
// a core that does nothing else, so that other work here hardly matters.
type Speed struct {
	Videos   int     `json:"videos"`
	Clips    int     `json:"clips"`
	Source   float64 `json:"source_clips_per_second"`
	Prepared float64 `json:"prepared_clips_per_second"`
	Ratio    float64 `json:"ratio"`
}

// What is timed: clips of 16 frames, of each of the videos that lie evenly in
// the set, until the time is up.
const (
	timedVideos = 12
	timedClips  = 4
	timedFrames = 16
	timedStride = 3
	timedSide   = 112
	timedLimit  = 10 * time.Second
)

// measure times some videos. One that cannot be cut is passed over.
func (j *job) measure(ctx context.Context, outcomes []outcome) (*Speed, error) {
	var made []*outcome
	for i := range outcomes {
		if o := &outcomes[i]; o.err == nil && o.Damage == "" {
			made = append(made, o)
		}
	}
	s, source, prepared := Speed{}, time.Duration(0), time.Duration(0)
	for n := 0; n < min(timedVideos, len(made)) && source+prepared < timedLimit; n++ {
		o := made[n*len(made)/min(timedVideos, len(made))]
		a, err := j.timeClips(ctx, o.Input, o.Frames)
		b, err2 := j.timeClips(ctx, j.place(o.Output), o.Frames)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if errors.Join(err, err2) != nil {
			continue
		}
		source, prepared = source+a, prepared+b
		s.Videos, s.Clips = s.Videos+1, s.Clips+timedClips
	}
	if s.Videos == 0 {
		return nil, nil
	}
	s.Source, s.Prepared = float64(s.Clips)/source.Seconds(), float64(s.Clips)/prepared.Seconds()
	s.Ratio = s.Prepared / s.Source
	return &s, nil
}

// timeClips cuts clips that lie evenly in a video, last one first, so that
// every one needs a seek.
func (j *job) timeClips(ctx context.Context, path string, frames int) (d time.Duration, err error) {
	runtime.LockOSThread() // whose time is taken
	defer runtime.UnlockOSThread()
	video, err := j.tools.Reader.Open(ctx, path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, video.Close()) }()
	view := make([]float32, 3*timedFrames*timedSide*timedSide)
	last := max(frames-1-(timedFrames-1)*timedStride, 0)
	start, err := threadTime()
	if err != nil {
		return 0, err
	}
	for i := range timedClips {
		span := media.Span{Start: last * (2*(timedClips-i) - 1) / (2 * timedClips), N: timedFrames, Stride: timedStride}
		clips, err := video.Clips(ctx, span)
		if err != nil {
			return 0, err
		}
		err = clips[0].Sample(view, media.View{W: timedSide, H: timedSide})
		clips[0].Release()
		if err != nil {
			return 0, err
		}
	}
	end, err := threadTime()
	return max(end-start, time.Microsecond), err
}

// place is the path under which an output is opened when all is done.
func (j *job) place(output string) string {
	if j.members != nil {
		return j.path(j.members[output])
	}
	return j.path(output)
}

// threadTime is what this thread has spent on a core.
func threadTime() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("prepare: clock: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
