package avdecode

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// hang stands in for FFmpeg in a loop without end; the work ends with the test.
func hang(t *testing.T) func() error {
	t.Helper()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	return func() error { <-release; return nil }
}

func TestWatchdogGivesUp(t *testing.T) {
	release, freed := make(chan struct{}), make(chan struct{})
	w := &watchdog{grace: time.Millisecond}
	err := w.run(t.Context(), time.Millisecond, func() error { <-release; return nil }, func() { close(freed) })
	if !errors.Is(err, errAbandoned) || w.abandoned.Load() != 1 {
		t.Fatalf("error %v, %d abandoned", err, w.abandoned.Load())
	}
	close(release) // it comes back after all
	<-freed
	for w.abandoned.Load() != 0 { // counted down just behind the call of late
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.run(ctx, time.Hour, hang(t), nil); !errors.Is(err, errAbandoned) {
		t.Errorf("work that heeds no cancel: %v", err)
	}
	if err := w.run(ctx, time.Hour, func() error { return errMissed }, nil); err != errMissed {
		t.Errorf("work that ends: %v", err)
	}
}

func TestWatchdogPassesPanics(t *testing.T) {
	w := &watchdog{grace: time.Hour}
	defer func() {
		if p := recover(); p != "broken" {
			t.Errorf("panic %v", p)
		}
	}()
	w.run(t.Context(), time.Hour, func() error { panic("broken") }, nil)
}

// TestHungFiles: each hung file is one that timed out; a few of them end all
// work, as they hold threads and memory.
func TestHungFiles(t *testing.T) {
	path := small(t, 20)
	d := New(Options{IndexCache: "off", Timeout: time.Millisecond})
	d.dog.grace = time.Millisecond
	for range mostAbandoned {
		d.options.Timeout = time.Minute
		v := open(t, d, path)
		d.options.Timeout = time.Millisecond
		if err := v.watch(t.Context(), hang(t)); !errors.Is(err, errAbandoned) {
			t.Fatal(err)
		}
		_, err := v.Clips(t.Context(), media.Span{N: 4, Stride: 1})
		if !errors.Is(err, media.ErrTimeout) || !strings.Contains(err.Error(), "FFmpeg did not come back within 1ms") {
			t.Errorf("clips of a video that was given up: %v", err)
		}
		for f, err := range v.Frames(t.Context()) {
			if f != nil || !errors.Is(err, media.ErrTimeout) {
				t.Errorf("a frame of a video that was given up: %v, %v", f, err)
			}
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := d.Open(t.Context(), path)
	if !errors.Is(err, media.ErrHung) || !strings.Contains(err.Error(), "4 files hold FFmpeg") {
		t.Errorf("after %d hung files: %v", mostAbandoned, err)
	}
}

func TestMemoryBound(t *testing.T) {
	path := small(t, 40) // 64x48, 4608 bytes a frame; 21 held in 16 bits are 193536
	_, err := New(Options{IndexCache: "off", MaxBytes: 100_000}).Open(t.Context(), path)
	if !errors.Is(err, media.ErrTooLarge) || !strings.Contains(err.Error(), "raise decode.memory_mb") {
		t.Errorf("open: %v", err)
	}
	v := open(t, New(Options{IndexCache: "off", MaxBytes: 250_000}), path)
	if _, err := v.Clips(t.Context(), media.Span{N: 10, Stride: 1}); err != nil {
		t.Errorf("a short clip: %v", err)
	}
	if _, err := v.Clips(t.Context(), media.Span{N: 40, Stride: 1}); !errors.Is(err, media.ErrTooLarge) || !strings.Contains(err.Error(), "decoding 40 frames of 64x48") {
		t.Errorf("a long clip: %v", err)
	}
	if frames, _ := allFrames(t, v); len(frames) != 40 {
		t.Errorf("%d frames, which are held one at a time, want 40", len(frames))
	}
}
