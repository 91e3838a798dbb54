// Package loader runs work on many goroutines and hands the results back in
// order, with bounded memory.
package loader

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"sync"
)

// Map yields f(i) for i = from, ..., to-1 in that order, computed by the given
// number of workers (at least 1). worker, in [0, workers), tells f which one
// runs it, for memory of its own. At most ahead results (at least workers) are
// under way or ready beyond the one that the caller holds; then the workers
// wait.
//
// An error of f is the result of its index and ends nothing: break to stop. A
// panic in f becomes such an error. When ctx ends, its error is yielded once
// and the iteration stops. No goroutine is left when the loop is, however it
// ends: f should heed its context, which ends then.
func Map[T any](ctx context.Context, from, to, workers, ahead int, f func(ctx context.Context, worker, i int) (T, error)) iter.Seq2[T, error] {
	workers = max(workers, 1)
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()
		ordered := make(chan job[T], max(ahead, workers))
		queue := make(chan job[T])
		group.Go(func() { dispatch(ctx, from, to, ordered, queue) })
		for w := range workers {
			group.Go(func() {
				for j := range queue {
					value, err := guard(ctx, w, j.i, f)
					j.done <- result[T]{value, err}
				}
			})
		}
		deliver(ctx, ordered, yield)
	}
}

// job is one index and the place of its result, which holds one, so that no
// worker waits for the consumer.
type job[T any] struct {
	i    int
	done chan result[T]
}

type result[T any] struct {
	value T
	err   error
}

// dispatch puts each job into the order first: its free places are the bound.
func dispatch[T any](ctx context.Context, from, to int, ordered, queue chan<- job[T]) {
	defer close(ordered)
	defer close(queue)
	for i := from; i < to; i++ {
		j := job[T]{i, make(chan result[T], 1)}
		for _, c := range []chan<- job[T]{ordered, queue} {
			select {
			case c <- j:
			case <-ctx.Done():
				return
			}
		}
	}
}

func deliver[T any](ctx context.Context, ordered <-chan job[T], yield func(T, error) bool) {
	var none T
	for {
		j, ok := job[T]{}, false
		select {
		case j, ok = <-ordered:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			yield(none, ctx.Err())
			return
		}
		if !ok {
			return
		}
		select {
		case r := <-j.done:
			if !yield(r.value, r.err) {
				return
			}
		case <-ctx.Done():
			yield(none, ctx.Err())
			return
		}
	}
}

// guard turns a panic into an error, so that one bad item cannot end the run.
func guard[T any](ctx context.Context, worker, i int, f func(context.Context, int, int) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("loader: item %d: panic: %v\n%s", i, p, debug.Stack())
		}
	}()
	if err := ctx.Err(); err != nil {
		return value, err
	}
	return f(ctx, worker, i)
}
