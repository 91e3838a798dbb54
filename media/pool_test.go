package media

import (
	"slices"
	"sync"
	"testing"
)

func TestPoolGivesReleasedMemoryAgain(t *testing.T) {
	p := NewPool(1 << 20)
	a, b := p.Block(1000), p.Block(1000)
	clips := []*Clip{{Frames: []*Frame{{}}}, {Frames: []*Frame{{}}}}
	p.Lend(clips, [][]byte{a, b})
	copied := *clips[0]
	clips[0].Release()
	clips[0].Release()
	copied.Release()
	if p.kept != 0 {
		t.Fatal("memory went back while a clip was in use")
	}
	clips[1].Release()
	clips[1].Release()
	if want := int64(2 * blockSize(1000)); p.kept != want || clips[1].Frames != nil {
		t.Fatalf("%d bytes went back, want %d; frames %v", p.kept, want, clips[1].Frames)
	}
	c, d, e := p.Block(990), p.Block(1000), p.Block(1000)
	if len(c) != 990 || p.kept != 0 || &c[0] == &d[0] || &d[0] == &e[0] || &c[0] == &e[0] {
		t.Error("a block was given twice")
	}
}

func TestPoolIsBounded(t *testing.T) {
	p := NewPool(4096)
	p.Put(make([]byte, 1024), make([]byte, 1024), make([]byte, 4096), make([]byte, 1000))
	if p.kept != 2048 {
		t.Errorf("%d bytes kept, want the two whole blocks that fit", p.kept)
	}
	var none *Pool
	none.Put(none.Block(5))
	clip := &Clip{}
	none.Lend([]*Clip{clip}, nil)
	clip.Release()
}

func TestBlockSizes(t *testing.T) {
	for n := 1; n < 100_000; n += 1 + n/50 {
		size := blockSize(n)
		if size < n || size > max(64, n+n/7+1) || blockSize(size) != size {
			t.Fatalf("blocks of %d bytes for %d, of %d for that", size, n, blockSize(size))
		}
	}
}

// Many goroutines lend and release; no block has two owners.
func TestPoolConcurrently(t *testing.T) {
	p := NewPool(1 << 16)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for range 500 {
				b := p.Block(256 + g%2)
				for i := range b {
					b[i] = byte(g)
				}
				clip := &Clip{}
				p.Lend([]*Clip{clip}, [][]byte{b})
				if slices.ContainsFunc(b, func(v byte) bool { return v != byte(g) }) {
					t.Error("another goroutine wrote into a block in use")
				}
				clip.Release()
				clip.Release()
			}
		})
	}
	wg.Wait()
}
