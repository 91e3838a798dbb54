package cpu

import (
	"math/rand/v2"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/clvid/clvid/nn/device"
)

func osThreads(t *testing.T) int {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Skip("no /proc here: ", err)
	}
	return len(tasks)
}

// fewThreads waits for threads that are about to end.
func fewThreads(t *testing.T, most int) int {
	n := osThreads(t)
	for range 100 {
		if n <= most {
			break
		}
		time.Sleep(10 * time.Millisecond)
		n = osThreads(t)
	}
	return n
}

func runSomeConv(t *testing.T, b *backend, rng *rand.Rand, channels int) {
	c := convCase{"", 2, 16, channels, 1, []int{3, 8, 8}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil}
	op := c.ops()[0]
	in := [][]byte{normals(rng, op.In[0]), normals(rng, op.In[1])}
	runner{t, b}.run(op, []device.Layout{nil, nil}, in, nil, true)
}

// OpenMP makes a team for every thread that calls it: programs must all run on one.
func TestProgramsShareThreads(t *testing.T) {
	b := openFast(t, 3)
	rng := rand.New(rand.NewPCG(23, 24))
	runSomeConv(t, b, rng, 16)
	before := osThreads(t)
	for i := range 50 {
		done := make(chan bool)
		go func() { // from many goroutines, as callers may
			defer close(done)
			runSomeConv(t, b, rng, 16+i%4)
		}()
		<-done
	}
	// Go itself may start a few threads to wait for system calls; a team for
	// each goroutine would be a hundred.
	if after := fewThreads(t, before+10); after > before+10 {
		t.Errorf("50 programs: %d threads became %d", before, after)
	}
}

// Twelve OS threads that call in turn share one team: OpenMP by itself would make
// one for each of them, and keep it.
func TestCallersShareTheTeam(t *testing.T) {
	b := openFast(t, 3)
	rng := rand.New(rand.NewPCG(27, 28))
	runSomeConv(t, b, rng, 16)
	const callers = 12
	before := osThreads(t)
	turn, ready, leave := make(chan bool, 1), make(chan bool), make(chan bool)
	turn <- true
	for range callers {
		go func() {
			runtime.LockOSThread() // a thread of its own, until it leaves
			defer runtime.UnlockOSThread()
			<-turn
			runSomeConv(t, b, rng, 16)
			turn <- true
			ready <- true
			<-leave
		}()
	}
	for range callers {
		<-ready
	}
	if now := osThreads(t); now > before+callers+6 { // teams would be 24 more
		t.Errorf("%d callers: %d threads became %d", callers, before, now)
	}
	close(leave)
}

// processTime is what this process has used of the processors.
func processTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Threads that wait for the next program sleep: spinning ones would take the
// cores from decoding.
func TestIdleThreadsSleep(t *testing.T) {
	b := openFast(t, 4)
	runSomeConv(t, b, rand.New(rand.NewPCG(29, 30)), 16)
	before := processTime(t)
	const idle = 300 * time.Millisecond
	time.Sleep(idle)
	// Three spinning threads on two cores would use 600 ms.
	if used := processTime(t) - before; used > idle/4 {
		t.Errorf("%v of idling used %v of the processors", idle, used)
	}
}

// A closed back end must give its team of threads back.
func TestCloseEndsThreads(t *testing.T) {
	openFast(t, 1)
	rng := rand.New(rand.NewPCG(25, 26))
	before := 0
	for i := range 12 {
		b, err := Open(Options{Threads: 4})
		if err != nil {
			t.Fatal(err)
		}
		runSomeConv(t, b.(*backend), rng, 16)
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			before = osThreads(t)
		}
	}
	// 10 teams left behind would be 30 threads.
	if after := fewThreads(t, before+10); after > before+10 {
		t.Errorf("10 back ends opened and closed: %d threads became %d", before, after)
	}
}
