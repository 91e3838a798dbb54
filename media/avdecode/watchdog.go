package avdecode

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/clvid/clvid/media"
)

const (
	// graceTime is what FFmpeg gets past a limit to notice it: the guard is
	// asked between packets and frames, and by everything that reads.
	graceTime = 10 * time.Second
	// mostAbandoned calls may be stuck at once before the decoder refuses work:
	// each holds a thread and the memory of a file.
	mostAbandoned = 4
)

// watchdog gives up calls into FFmpeg that do not come back.
type watchdog struct {
	grace     time.Duration
	abandoned atomic.Int32 // calls given up that have not come back since
}

// errAbandoned says that a call was given up.
var errAbandoned = errors.New("given up")

// run does the work and waits for it no longer than the limit and the grace, or
// the grace once ctx ends. Work that is given up goes on by itself: what it uses
// is its own from then on, and late, which may be nil, frees that if it ever
// ends. A panic of the work is the caller's.
func (w *watchdog) run(ctx context.Context, limit time.Duration, work func() error, late func()) error {
	if n := w.abandoned.Load(); n >= mostAbandoned {
		return &failure{media.ErrHung, fmt.Sprintf("%d files hold FFmpeg since their time limit passed: start again without them, or set decode.isolate", n)}
	}
	done := make(chan workDone, 1)
	go func() { done <- recovering(work) }()
	patience := time.NewTimer(limit + w.grace)
	defer patience.Stop()
	ended := ctx.Done()
	for {
		select {
		case d := <-done:
			if d.panicked != nil {
				panic(d.panicked)
			}
			return d.err
		case <-ended:
			ended = nil
			patience.Reset(w.grace)
		case <-patience.C:
			w.abandon(done, late)
			return errAbandoned
		}
	}
}

func (w *watchdog) abandon(done <-chan workDone, late func()) {
	w.abandoned.Add(1)
	go func() {
		<-done
		if late != nil {
			late()
		}
		w.abandoned.Add(-1)
	}()
}

// workDone is how some work ended.
type workDone struct {
	err      error
	panicked any
}

func recovering(work func() error) (d workDone) {
	defer func() { d.panicked = recover() }()
	d.err = work()
	return d
}

// watch runs work on v. Once some was given up, v belongs to it and serves no
// longer.
func (v *video) watch(ctx context.Context, work func() error) error {
	if v.abandoned {
		return errAbandoned
	}
	err := v.decoder.dog.run(ctx, v.decoder.options.Timeout, work, v.free)
	v.abandoned = errors.Is(err, errAbandoned)
	return err
}

// free ends the pass, the session and the guard.
func (v *video) free() {
	v.endWeave()
	v.drop()
	if v.guard != nil {
		v.guard.free()
		v.guard = nil
	}
}
