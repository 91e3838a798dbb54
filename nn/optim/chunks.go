package optim

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// chunkElements is the unit of work of every parallel loop. It is fixed, so
// that sums over chunks are the same numbers for any number of threads.
const chunkElements = 1 << 14

// chunk is a range of one tensor.
type chunk struct{ tensor, from, to int }

// chunks cuts tensors of the given sizes.
func chunks(sizes []int) []chunk {
	var all []chunk
	for i, n := range sizes {
		for from := 0; from < n; from += chunkElements {
			all = append(all, chunk{i, from, min(from+chunkElements, n)})
		}
	}
	return all
}

// run calls f for every index in [0, n) on up to threads goroutines
// (0: one for each core).
func run(n, threads int, f func(i int)) {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	if threads = min(threads, n); threads <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range threads {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	workers.Wait()
}

// forChunks calls f for every chunk of every parameter.
func forChunks[T Float](params []ParamOf[T], threads int, f func(i, from, to int)) {
	sizes := make([]int, len(params))
	for i, p := range params {
		sizes[i] = len(p.Data)
	}
	work := chunks(sizes)
	run(len(work), threads, func(k int) { f(work[k].tensor, work[k].from, work[k].to) })
}
