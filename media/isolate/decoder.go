package isolate

import (
	"context"
	"hash/fnv"
	"sync"
	"time"

	"github.com/clvid/clvid/media"
)

// Options say how workers are started and what they may cost.
type Options struct {
	// Command is the program and its arguments; it has to call Work.
	Command []string
	// Workers is how many processes are kept for the next file; 0 means 1. More run
	// while more videos are open.
	Workers int
	// Timeout is the bound that the workers' decoder sets itself for an open, a call
	// of Clips or a frame of Frames; 0 means 30 s.
	Timeout time.Duration
	// Grace is how much longer a worker may take before it is killed; 0 means 5 s.
	Grace time.Duration
	// Memory bounds a worker's resident memory in bytes; 0 means DefaultMemory.
	Memory int64
	// Ring is the memory for pixels that a worker shares, in bytes; 0 means
	// DefaultRing.
	Ring int
}

// DefaultMemory is enough for one thread decoding 8K.
const DefaultMemory = 3 << 30

// Decoder opens videos in worker processes. It may be used by many goroutines;
// each opened video by one at a time. Close it.
type Decoder struct {
	o Options

	mu     sync.Mutex
	idle   []*process // the longest idle first
	slots  map[int]bool
	closed bool
	stats  Stats
}

// Stats counts what became of workers, for tests and reports.
type Stats struct{ Started, Died, Killed int }

var _ media.Decoder = (*Decoder)(nil)

// New returns a decoder. Workers are started when files are opened.
func New(o Options) *Decoder {
	o.Workers = max(o.Workers, 1)
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 5 * time.Second
	}
	if o.Memory <= 0 {
		o.Memory = DefaultMemory
	}
	if o.Ring <= 0 {
		o.Ring = DefaultRing
	}
	return &Decoder{o: o, slots: map[int]bool{}}
}

// Open opens a file in a worker. Errors are those of the worker's decoder,
// with their kinds, and *media.Error over media.ErrCrashed, ErrTimeout or
// ErrTooLarge where the worker ended; an error that is no *media.Error says
// that no worker can be started.
func (d *Decoder) Open(ctx context.Context, path string) (media.Video, error) {
	v := &video{decoder: d, path: path}
	err := v.try("open", func() error { return v.attach(ctx, "open") })
	if err != nil {
		v.release()
		return nil, err
	}
	return v, nil
}

// Stats returns the counts so far.
func (d *Decoder) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// Close ends the idle workers; those of videos that are still open end with
// these. The error is always nil.
func (d *Decoder) Close() error {
	d.mu.Lock()
	idle := d.idle
	d.idle, d.closed = nil, true
	for _, p := range idle {
		delete(d.slots, p.slot)
	}
	d.mu.Unlock()
	var group sync.WaitGroup
	for _, p := range idle {
		group.Go(p.close)
	}
	group.Wait()
	return nil
}

// take returns an idle worker, best the one that read the path before and may
// still hold what it learned, or starts one.
func (d *Decoder) take(path string) (*process, error) {
	for {
		p, slot := d.choose(path)
		if p == nil {
			return d.start(slot)
		}
		if !p.ended() {
			return p, nil
		}
		d.bury(p, false) // while nobody used it: no file is to blame
	}
}

// choose takes a worker from the idle ones, or a free slot for a new one.
func (d *Decoder) choose(path string) (*process, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	best := len(d.idle) - 1
	if best < 0 {
		slot := 0
		for d.slots[slot] {
			slot++
		}
		d.slots[slot] = true
		return nil, slot
	}
	h := fnv.New32a()
	h.Write([]byte(path))
	home := int(h.Sum32()) % d.o.Workers
	for i, p := range d.idle {
		if p.slot == home {
			best = i
		}
	}
	p := d.idle[best]
	d.idle = append(d.idle[:best], d.idle[best+1:]...)
	return p, p.slot
}

// start tries twice: the kernel may have run out of something for a moment.
func (d *Decoder) start(slot int) (*process, error) {
	p, err := start(&d.o, slot)
	if err != nil {
		p, err = start(&d.o, slot)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		delete(d.slots, slot)
		return nil, err
	}
	d.stats.Started++
	return p, nil
}

// put keeps a worker for the next file, or ends it: where there are enough, or
// where it has come close to its bound, so that the next file is not blamed.
func (d *Decoder) put(p *process) {
	full := p.resident() > d.o.Memory/4*3
	d.mu.Lock()
	keep := !full && !d.closed && p.slot < d.o.Workers
	if keep {
		d.idle = append(d.idle, p)
	} else {
		delete(d.slots, p.slot)
	}
	d.mu.Unlock()
	if !keep {
		p.close()
	}
}

// bury removes a worker that has ended, or that has to.
func (d *Decoder) bury(p *process, killed bool) {
	p.kill()
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.slots, p.slot)
	if killed {
		d.stats.Killed++
	} else {
		d.stats.Died++
	}
}
