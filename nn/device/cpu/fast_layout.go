package cpu

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// layout is a device.Layout of this accelerator. The zero layout is the plain
// one, which the rest of the program calls nil.
type layout struct {
	order order
	elem  ckernel.Elem
}

// order is that of a value (N,C,spatial…).
type order uint8

const (
	rowMajor     order = iota // as its shape says
	channelsLast              // (N,spatial…,C)
	blocked                   // (N,C/16,spatial…,16), of whole blocks
)

// blockSize is the number of channels that lie together when blocked: one
// vector of AVX-512.
const blockSize = 16

func (l layout) String() string {
	name := [...]string{"plain", "channels last", "blocks of 16"}[l.order]
	if l.elem == ckernel.BFloat16 {
		name += " bf16"
	}
	return name
}

// layoutOf is how v lies.
func layoutOf(v device.Value) layout {
	if v.Layout == nil {
		return layout{}
	}
	return v.Layout.(layout)
}

// device is the layout for the rest of the program.
func (l layout) device() device.Layout {
	if l == (layout{}) {
		return nil
	}
	return l
}

// bytes is the size of a value in this layout, which pads nothing.
func (l layout) bytes(t device.Type) int64 {
	if l.elem == ckernel.BFloat16 {
		return 2 * t.Elements()
	}
	return t.Bytes()
}

// inner tells whether channels lie innermost, as they always do in (N,C).
func (l layout) inner(t device.Type) bool { return l.order != rowMajor || len(t.Shape) == 2 }

// innerLayout is the layout, of those that the values have, whose channels lie
// innermost; where none is, a good one for t in the first value's elements.
func innerLayout(t device.Type, vs ...device.Value) layout {
	for _, v := range vs {
		if l := layoutOf(v); l.inner(t) {
			return l
		}
	}
	l := layout{order: channelsLast}
	if blocks(t.Shape[1]) {
		l.order = blocked
	}
	if len(vs) > 0 {
		l.elem = layoutOf(vs[0]).elem
	}
	return l
}

// blocks tells whether channels fill whole blocks.
func blocks(channels int) bool { return channels%blockSize == 0 }

// rows is how a value of type t, whose channels are innermost, lies in memory.
func (l layout) rows(t device.Type) ckernel.Rows {
	p := planesOf(t)
	if l.order == blocked {
		return ckernel.Rows{Outer: p.n, Blocks: p.c / blockSize, Places: p.size, Channels: blockSize, Elem: l.elem}
	}
	return ckernel.Rows{Outer: 1, Blocks: 1, Places: p.n * p.size, Channels: p.c, Elem: l.elem}
}

// samples are those of a value whose channels are innermost, and the channels
// of each: a block counts as a sample.
func (l layout) samples(t device.Type) (n, channels int) {
	p := planesOf(t)
	if l.order == blocked {
		return p.n * p.c / blockSize, blockSize
	}
	return p.n, p.c
}

func (l layout) place(channels int) ckernel.Place {
	return ckernel.Place{Block: [...]int{1, channels, blockSize}[l.order], Elem: l.elem}
}

// Convert copies values to another layout.
func (f *fast) Convert(from device.Value, to device.Layout) (device.Lowered, error) {
	a, b := layoutOf(from), layoutOf(device.Value{Layout: to})
	t := from.Type
	if t.DType.Size() != 4 || a.order != b.order && len(t.Shape) < 3 {
		return device.Lowered{}, fmt.Errorf("convert: a value of shape %v and %d-byte elements from %v to %v", t.Shape, t.DType.Size(), a, b)
	}
	l := device.Lowered{In: []device.Layout{from.Layout}, Out: to, Reuse: -1}
	if a.order == b.order {
		n := int(t.Elements())
		l.Kernel = func(args *device.Args) error {
			f.team.Convert(n, a.elem, b.elem, args.In[0].Ptr, args.Out.Ptr)
			return nil
		}
		return l, nil
	}
	p := planesOf(t)
	l.Kernel = func(args *device.Args) error {
		f.team.Turn(p.n, p.c, p.size, a.place(p.c), b.place(p.c), args.In[0].Ptr, args.Out.Ptr)
		return nil
	}
	return l, nil
}
