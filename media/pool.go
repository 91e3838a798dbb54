package media

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

// Note [Memory of clips]
//
// Decoded frames are the bulk of a loader's memory: 16 frames of 1080p take
// 50 MB. Left to the garbage collector they pile up between its runs, and every
// clip writes to pages that the system has to make first. So a decoder takes
// the memory of its clips from a Pool, and Clip.Release gives it back.
//
// Nothing can go wrong by forgetting: memory that is not given back is
// collected as any other. Clips that were decoded together share frames; their
// memory goes back when all of them are released. A released clip has no frames
// left, and releasing it again does nothing.

// Pool keeps memory of released clips for others to come. It is safe for use by
// many goroutines; nil is a pool that keeps nothing.
type Pool struct {
	mu    sync.Mutex
	limit int64 // most bytes kept
	kept  int64
	free  map[int][][]byte // by capacity
}

// NewPool keeps at most limit bytes of free memory.
func NewPool(limit int64) *Pool { return &Pool{limit: limit, free: map[int][][]byte{}} }

// Block returns n bytes of any content.
func (p *Pool) Block(n int) []byte {
	if p == nil {
		return make([]byte, n)
	}
	size := blockSize(n)
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.free[size]
	if len(list) == 0 {
		return make([]byte, n, size)
	}
	b := list[len(list)-1]
	list[len(list)-1] = nil
	p.free[size] = list[:len(list)-1]
	p.kept -= int64(size)
	return b[:n]
}

// blockSize rounds up to an eighth of a power of two, so that pictures of like
// sizes share blocks.
func blockSize(n int) int {
	if n <= 64 {
		return 64
	}
	step := 1 << max(bits.Len(uint(n-1))-4, 0)
	return (n + step - 1) / step * step
}

// Put takes blocks back that nobody reads any more.
func (p *Pool) Put(blocks ...[]byte) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range blocks {
		size := cap(b)
		if size != blockSize(size) || p.kept+int64(size) > p.limit {
			continue
		}
		p.kept += int64(size)
		p.free[size] = append(p.free[size], b[:size])
	}
}

// lease is the memory of clips that were decoded together.
type lease struct {
	pool   *Pool
	blocks [][]byte
	clips  atomic.Int32 // not yet released
}

// hold is a clip's part in a lease.
type hold struct {
	once  sync.Once
	lease *lease
}

// Lend makes clips own blocks of the pool: these go back when all clips are
// released. Nothing but the frames of these clips may lie in them.
func (p *Pool) Lend(clips []*Clip, blocks [][]byte) {
	if p == nil || len(clips) == 0 {
		return
	}
	l := &lease{pool: p, blocks: blocks}
	l.clips.Store(int32(len(clips)))
	for _, c := range clips {
		c.hold = &hold{lease: l}
	}
}

// Release gives the clip's memory back, for speed alone; see Note [Memory of
// clips]. No frame of the clip may be used any more, whoever holds it.
func (c *Clip) Release() {
	c.Frames = nil
	if c.hold == nil {
		return
	}
	c.hold.once.Do(func() {
		if l := c.hold.lease; l.clips.Add(-1) == 0 {
			l.pool.Put(l.blocks...)
		}
	})
}
