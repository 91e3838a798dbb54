package cpu

import (
	"sync"
	"sync/atomic"
)

// grain is the number of elements that one task of an elementwise kernel
// handles: enough to outweigh handing it over.
const grain = 1 << 14

// parallel calls f for each task in [0, tasks) on up to threads goroutines.
// worker, in [0, threads), numbers the goroutine, for scratch memory. Tasks
// write apart from each other and do not depend on the worker, so that results
// are the same for any number of threads.
func parallel(threads, tasks int, f func(worker, task int)) {
	threads = min(threads, tasks)
	if threads <= 1 {
		for task := range tasks {
			f(0, task)
		}
		return
	}
	var next atomic.Int64
	run := func(worker int) {
		for task := int(next.Add(1)) - 1; task < tasks; task = int(next.Add(1)) - 1 {
			f(worker, task)
		}
	}
	var others sync.WaitGroup
	for worker := 1; worker < threads; worker++ {
		others.Go(func() { run(worker) })
	}
	run(0)
	others.Wait()
}

// parallelRanges splits [0, n) into ranges of size, whatever the threads.
func parallelRanges(threads, n, size int, f func(from, to int)) {
	parallel(threads, (n+size-1)/size, func(_, task int) {
		f(task*size, min(n, (task+1)*size))
	})
}
