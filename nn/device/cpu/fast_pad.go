package cpu

import (
	"math"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerPad: x -> y in whatever layout x comes, but blocks whose channels are
// padded.
func lowerPad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.PadAttrs)
	rank := len(op.Out.Shape)
	keep := layoutOf(in[0])
	if keep.order == blocked && op.In[0].Shape[1] != op.Out.Shape[1] {
		keep.order = channelsLast
	}
	p := ckernel.Padding{Bytes: int(keep.bytes(device.Type{Shape: []int{1}})), Value: keep.bits(attrs.Value)}
	p.In, _ = inMemory(keep.order, op.In[0].Shape, 0)
	p.Out, _ = inMemory(keep.order, op.Out.Shape, 0)
	p.Before = make([]int, len(p.In))
	for axis, n := range attrs.Before {
		if _, at := inMemory(keep.order, op.Out.Shape, axis); n != 0 {
			p.Before[at] = n
		}
	}
	return device.Lowered{In: []device.Layout{keep.device()}, Out: keep.device(), Reuse: -1, Kernel: func(a *device.Args) error {
		f.team.Pad(p, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, rank > 0 && len(p.In) <= ckernel.MaxPadAxes, nil
}

// bits are those of an element, rounded to nearest.
func (l layout) bits(v float64) uint32 {
	u := math.Float32bits(float32(v))
	if l.elem == ckernel.BFloat16 {
		return (u + 0x7fff + u>>16&1) >> 16
	}
	return u
}
