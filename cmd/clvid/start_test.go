package main

import (
	"testing"
	"time"
)

// The help appears within 120 ms, 44 of which load FFmpeg's libraries. The best
// of several starts counts: others may be using the machine.
func TestStartsFast(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	const want, tries = 120 * time.Millisecond, 30
	best := time.Hour
	for range tries {
		start := time.Now()
		program(t, "--help").mustFinish(t)
		if best = min(best, time.Since(start)); best < want {
			t.Logf("%v", best)
			return
		}
	}
	t.Errorf("clvid --help takes %v at best, want %v", best, want)
}
