package loader

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// noLeak fails where goroutines outlive the test's work.
func noLeak(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		for range 100 {
			if runtime.NumGoroutine() <= before {
				return
			}
			time.Sleep(time.Millisecond)
		}
		t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
	})
}

func TestMapKeepsOrder(t *testing.T) {
	noLeak(t)
	for _, workers := range []int{0, 1, 3, 8} {
		for _, ahead := range []int{0, 1, 20} {
			want := 5
			for got, err := range Map(t.Context(), 5, 60, workers, ahead, func(_ context.Context, worker, i int) (int, error) {
				if worker < 0 || worker >= max(workers, 1) {
					t.Errorf("worker %d of %d", worker, workers)
				}
				time.Sleep(time.Duration(rand.IntN(200)) * time.Microsecond)
				return i, nil
			}) {
				if got != want || err != nil {
					t.Fatalf("workers %d, ahead %d: got %d, %v, want %d", workers, ahead, got, err, want)
				}
				want++
			}
			if want != 60 {
				t.Errorf("workers %d, ahead %d: ended at %d", workers, ahead, want)
			}
		}
	}
}

func TestMapEmpty(t *testing.T) {
	noLeak(t)
	for range Map(t.Context(), 3, 3, 2, 2, func(context.Context, int, int) (int, error) { return 0, nil }) {
		t.Error("a result of nothing")
	}
}

// A slow consumer holds the workers back: no more than ahead results exist
// beyond the one in its hands.
func TestMapBackPressure(t *testing.T) {
	noLeak(t)
	const workers, ahead = 2, 4
	var started, consumed atomic.Int64
	for range Map(t.Context(), 0, 40, workers, ahead, func(context.Context, int, int) (int, error) {
		if n := started.Add(1) - consumed.Load(); n > ahead+1 {
			t.Errorf("%d results under way or ready, want at most %d", n, ahead+1)
		}
		return 0, nil
	}) {
		time.Sleep(500 * time.Microsecond)
		consumed.Add(1)
	}
}

func TestMapRunsInParallel(t *testing.T) {
	noLeak(t)
	const workers = 4
	arrived := make(chan int, workers)
	release := make(chan struct{})
	go func() {
		for range workers {
			<-arrived
		}
		close(release) // only once all workers are busy at the same time
	}()
	for _, err := range Map(t.Context(), 0, workers, workers, workers, func(ctx context.Context, _, i int) (int, error) {
		arrived <- i
		select {
		case <-release:
		case <-time.After(10 * time.Second):
			t.Error("the workers never ran at the same time")
		}
		return i, nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestMapErrorsAndPanicsAreResults(t *testing.T) {
	noLeak(t)
	bad := errors.New("bad")
	var errs []error
	for _, err := range Map(t.Context(), 0, 4, 2, 2, func(_ context.Context, _, i int) (int, error) {
		switch i {
		case 1:
			return 0, bad
		case 2:
			panic("boom")
		}
		return i, nil
	}) {
		errs = append(errs, err)
	}
	if len(errs) != 4 || errs[0] != nil || errs[1] != bad || errs[3] != nil {
		t.Fatalf("errors %v", errs)
	}
	if errs[2] == nil || !strings.HasPrefix(errs[2].Error(), "loader: item 2: panic: boom") {
		t.Errorf("panic became %v", errs[2])
	}
}

func TestMapBreakStopsWorkers(t *testing.T) {
	noLeak(t)
	var running atomic.Int64
	for i := range Map(t.Context(), 0, 1000, 3, 6, func(ctx context.Context, _, i int) (int, error) {
		running.Add(1)
		defer running.Add(-1)
		if i > 4 {
			<-ctx.Done() // would hang for ever without a cancel
		}
		return i, nil
	}) {
		if i == 4 {
			break
		}
	}
	if n := running.Load(); n != 0 {
		t.Errorf("%d workers run after the loop", n)
	}
}

func TestMapCancel(t *testing.T) {
	noLeak(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	results := 0
	for i, err := range Map(ctx, 0, 1000, 3, 6, func(ctx context.Context, _, i int) (int, error) {
		if i > 10 {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		return i, nil
	}) {
		if results++; last != nil {
			t.Error("a result after the end of the context")
		}
		if last = err; i == 7 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || results > 10 {
		t.Errorf("ended with %v after %d results", last, results)
	}
}

func TestMapPanicOfConsumer(t *testing.T) {
	noLeak(t)
	defer func() {
		if p := recover(); p != "consumer" {
			t.Errorf("recovered %v", p)
		}
	}()
	for range Map(t.Context(), 0, 100, 2, 4, func(_ context.Context, _, i int) (int, error) { return i, nil }) {
		panic("consumer")
	}
}
