package plan

import (
	"cmp"
	"slices"

	"github.com/clvid/clvid/nn/device"
)

// block is memory for one value and its aliases.
type block struct {
	bytes       int64
	fixed       bool       // a leaf, outside the arena
	keep        bool       // an output, readable after the run
	mem         device.Mem // of fixed blocks
	first, last int        // steps that write it first and use it last
	used        bool
	offset      int64
	into        *block // set where the block took over another's memory
}

// root follows takeovers to the block that is placed.
func (b *block) root() *block {
	for b.into != nil {
		b = b.into
	}
	return b
}

// alignment of values in the arena, in bytes.
const alignment = 64

func align(n int64) int64 { return (n + alignment - 1) / alignment * alignment }

func part(m device.Mem, offset, bytes int64) device.Mem {
	return device.Mem{Ptr: m.Ptr + uintptr(offset), Bytes: bytes}
}

// blocks calls f for the block of each operand.
func (s *step) blocks(f func(*block)) {
	for _, vs := range [][]*value{s.in, s.saved, s.reads, {s.out}} {
		for _, v := range vs {
			if v != nil {
				f(v.block)
			}
		}
	}
	if s.scratch != nil {
		f(s.scratch)
	}
}

// lifetimes finds the first and last step of every block.
func lifetimes(steps []step) {
	for i := range steps {
		steps[i].blocks(func(b *block) {
			if !b.used {
				b.used, b.first = true, i
			}
			b.last = i
			if b.keep {
				b.last = len(steps)
			}
		})
	}
}

// reuseInputs lets outputs overwrite inputs that die in the same step, where
// the kernel allows it.
func reuseInputs(steps []step) {
	for i := range steps {
		s := &steps[i]
		if s.reuse < 0 || s.in[s.reuse] == nil {
			continue
		}
		from, out := s.in[s.reuse].block.root(), s.out.block.root()
		if from.fixed || from.keep || from.last != i || from.bytes < out.bytes || uses(s, from) != 1 {
			continue
		}
		out.into = from
		from.last, from.keep = out.last, out.keep
	}
}

// uses counts the operands of a step in a block.
func uses(s *step, b *block) int {
	n := 0
	s.blocks(func(x *block) {
		if x.root() == b {
			n++
		}
	})
	return n
}

// place gives each block an offset: largest first, at the lowest gap that is
// free for its whole lifetime. It returns the arena's size.
func place(steps []step, apart bool) int64 {
	var todo []*block
	seen := map[*block]bool{}
	for i := range steps {
		steps[i].blocks(func(b *block) {
			if r := b.root(); !r.fixed && !seen[r] {
				seen[r] = true
				todo = append(todo, r)
			}
		})
	}
	slices.SortStableFunc(todo, func(a, b *block) int { return cmp.Compare(b.bytes, a.bytes) })
	var size int64
	var placed []*block // by offset
	for _, b := range todo {
		at, offset := gap(placed, b, apart)
		b.offset = offset
		placed = slices.Insert(placed, at, b)
		size = max(size, offset+align(b.bytes))
	}
	return size
}

// gap is the lowest offset at which b overlaps no placed block that lives at
// the same time, and the position in placed that keeps it sorted.
func gap(placed []*block, b *block, apart bool) (at int, offset int64) {
	for _, p := range placed {
		if !apart && (p.last < b.first || b.last < p.first) {
			continue
		}
		if offset+align(b.bytes) <= p.offset {
			break
		}
		offset = max(offset, p.offset+align(p.bytes))
	}
	at, _ = slices.BinarySearchFunc(placed, offset, func(p *block, o int64) int { return cmp.Compare(p.offset, o) })
	return at, offset
}
