package isolate

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// DefaultRing is how much memory a worker shares with its parent: a clip of 32
// frames of 720p. Pages that no picture reached take none.
const DefaultRing = 48 << 20

// newShared makes memory that both sides can map. It is sealed, so that a
// worker gone wild cannot shorten it under the parent's feet.
func newShared(size int) (*os.File, error) {
	fd, err := unix.MemfdCreate("clvid-frames", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("isolate: shared memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "clvid-frames")
	if err := f.Truncate(int64(size)); err != nil {
		f.Close()
		return nil, fmt.Errorf("isolate: shared memory of %d bytes: %w", size, err)
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		f.Close()
		return nil, fmt.Errorf("isolate: seal shared memory: %w", err)
	}
	return f, nil
}

// mapShared maps all of it.
func mapShared(f *os.File) ([]byte, error) {
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("isolate: shared memory: %w", err)
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(st.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("isolate: map shared memory: %w", err)
	}
	return b, nil
}

// ring gives out the shared memory on the worker's side. Room is freed in the
// order in which it was taken.
type ring struct {
	size int

	mu    sync.Mutex
	freed sync.Cond
	call  uint32 // whose credit counts
	head  int    // where the next piece begins
	used  int
	ended bool // the call was cancelled
}

func newRing(size int) *ring {
	r := &ring{size: size}
	r.freed.L = &r.mu
	return r
}

// begin empties the ring for a call: the parent has read all of the last one.
func (r *ring) begin(call uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.call, r.head, r.used, r.ended = call, 0, 0, false
}

// take finds n bytes, waiting for credit. It returns false once the call is
// cancelled. A piece above a quarter of the ring goes inline: the parent holds
// back credit up to another quarter, and a third may lie idle at the ring's end,
// so that whoever waits here is owed credit that the parent sends.
func (r *ring) take(n int) (place, bool) {
	if n > r.size/4 {
		return place{inline: true}, true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	passed := 0
	if r.head+n > r.size {
		passed, r.head = r.size-r.head, 0
		r.used += passed
	}
	for r.used+n > r.size && !r.ended {
		r.freed.Wait()
	}
	if r.ended {
		return place{}, false
	}
	p := place{at: r.head, taken: n + passed}
	r.head += n
	r.used += n
	return p, true
}

// credit frees bytes that the parent has read.
func (r *ring) credit(call uint32, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if call == r.call {
		r.used = max(r.used-n, 0)
		r.freed.Broadcast()
	}
}

// end lets nobody wait any more.
func (r *ring) end(call uint32) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if call == r.call {
		r.ended = true
		r.freed.Broadcast()
	}
}
