package cpu

import "runtime"

// thread is one goroutine locked to one OS thread, which runs what it is given.
type thread struct {
	work chan func()
	done chan struct{}
}

func newThread() *thread {
	t := &thread{work: make(chan func()), done: make(chan struct{})}
	go func() {
		// Never unlocked: the OS thread then ends with the goroutine, and with it
		// the team of threads that OpenMP keeps for it.
		runtime.LockOSThread()
		for f := range t.work {
			f()
			t.done <- struct{}{}
		}
	}()
	return t
}

// do runs f on the thread and waits for it.
func (t *thread) do(f func()) {
	t.work <- f
	<-t.done
}

func (t *thread) stop() { close(t.work) }
