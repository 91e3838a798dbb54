package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerPermute turns axes. What puts channels last, or back from there, is a
// change of layout alone.
func lowerPermute(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	axes := op.Attrs.(device.PermuteAttrs).Axes
	last, plain := layout{channelsLast, layoutOf(in[0]).elem}.device(), tokens(in[0]).device()
	switch {
	case layoutOf(in[0]).order != rowMajor && putsChannelsLast(axes):
		return device.Lowered{In: []device.Layout{last}, Out: plain, Reuse: 0, Kernel: copyBytes}, true, nil
	case layoutOf(in[0]).order == rowMajor && takesChannelsBack(axes):
		return device.Lowered{In: []device.Layout{plain}, Out: last, Reuse: 0, Kernel: copyBytes}, true, nil
	}
	outer, steps, run, step := permutation(op.In[0].Shape, axes)
	sizes, strides := append(outer, run), append(steps, step)
	return device.Lowered{In: []device.Layout{nil}, Reuse: -1, Kernel: func(a *device.Args) error {
		f.team.Permute(sizes, strides, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, len(sizes) <= ckernel.MaxAxes, nil
}

// putsChannelsLast tells whether axes are 0, 2, 3, …, 1.
func putsChannelsLast(axes []int) bool {
	for i, a := range axes[:len(axes)-1] {
		if a != i && i == 0 || i > 0 && a != i+1 {
			return false
		}
	}
	return len(axes) > 2
}

// takesChannelsBack tells whether axes are 0, last, 1, 2, ….
func takesChannelsBack(axes []int) bool {
	for i, a := range axes {
		if i == 0 && a != 0 || i == 1 && a != len(axes)-1 || i > 1 && a != i-1 {
			return false
		}
	}
	return len(axes) > 2
}

// inMemory is a shape as it lies in an order, and where an axis is in it. Blocks
// of channels are an axis of their own, the second.
func inMemory(o order, shape []int, axis int) (lies []int, at int) {
	switch o {
	case rowMajor:
		return shape, axis
	case blocked:
		lies = append([]int{shape[0], shape[1] / blockSize}, shape[2:]...)
		return append(lies, blockSize), axis
	}
	lies = append(append([]int{shape[0]}, shape[2:]...), shape[1])
	switch {
	case axis == 1:
		at = len(lies) - 1
	case axis > 1:
		at = axis - 1
	}
	return lies, at
}

// joined is the layout in which parts of some types make one value: the first
// one with channels innermost, channels last in place of blocks that a type does
// not fill.
func joined(parts []device.Value, types ...device.Type) layout {
	l := layoutOf(parts[0])
	for _, v := range parts {
		if l.order == rowMajor {
			l = layoutOf(v)
		}
	}
	for _, t := range types {
		if l.order == blocked && !blocks(t.Shape[1]) {
			l.order = channelsLast
		}
	}
	return l
}

// lowerConcat copies runs of each input.
func lowerConcat(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	axis := op.Attrs.(device.ConcatAttrs).Axis
	keep := joined(in, op.In...)
	l := device.Lowered{Out: keep.device(), Reuse: -1}
	var runs []ckernel.Runs
	var offsets []uintptr
	whole, at := inMemory(keep.order, op.Out.Shape, axis)
	step, offset := keep.runBytes(whole, at), 0
	for _, t := range op.In {
		lies, at := inMemory(keep.order, t.Shape, axis)
		outer, _, _ := around(lies, at)
		bytes := keep.runBytes(lies, at)
		runs = append(runs, ckernel.Runs{Count: outer, Bytes: bytes, FromStep: bytes, ToStep: step})
		offsets = append(offsets, uintptr(offset))
		offset += bytes
		l.In = append(l.In, keep.device())
	}
	l.Kernel = func(a *device.Args) error {
		for i, r := range runs {
			f.team.Copy(r, a.In[i].Ptr, a.Out.Ptr+offsets[i])
		}
		return nil
	}
	return l, true, nil
}

// runBytes is the size of all of an axis and what lies behind it.
func (l layout) runBytes(lies []int, axis int) int {
	_, _, run := around(lies, axis)
	return int(l.bytes(device.Type{Shape: []int{run}}))
}

// lowerSlice: x -> runs of it.
func lowerSlice(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep, runs, offset, ok := sliceRuns(in[0], op.In[0], op.Out, op.Attrs.(device.SliceAttrs))
	return device.Lowered{In: []device.Layout{keep.device()}, Out: keep.device(), Reuse: -1, Kernel: func(a *device.Args) error {
		f.team.Copy(runs, a.In[0].Ptr+offset, a.Out.Ptr)
		return nil
	}}, ok, nil
}

// lowerSliceGrad: dy, x (shape only) -> zeros with dy at the slice.
func lowerSliceGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep, r, offset, ok := sliceRuns(in[0], op.Out, op.In[0], op.Attrs.(device.SliceAttrs))
	back := ckernel.Runs{Count: r.Count, Bytes: r.Bytes, FromStep: r.ToStep, ToStep: r.FromStep}
	pieces := ckernel.Runs{Count: int(keep.bytes(op.Out)+zeroPiece-1) / zeroPiece, Bytes: zeroPiece, ToStep: zeroPiece}
	rest := int(keep.bytes(op.Out)) - (pieces.Count-1)*zeroPiece
	pieces.Count--
	return device.Lowered{In: []device.Layout{keep.device(), in[1].Layout}, Out: keep.device(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.Copy(pieces, 0, a.Out.Ptr)
			clear(bytesOf(device.Mem{Ptr: a.Out.Ptr + uintptr(pieces.Count*zeroPiece), Bytes: int64(rest)}))
			f.team.Copy(back, a.In[0].Ptr, a.Out.Ptr+offset)
			return nil
		}}, ok, nil
}

// zeroPiece is the number of bytes that are cleared at a time.
const zeroPiece = 1 << 16

// sliceRuns are the runs of a slice of a long value, in the layout of v, which is
// the long or the short one. Steps beyond 1 are left to pure Go unless the axis is
// the first in memory.
func sliceRuns(v device.Value, long, short device.Type, s device.SliceAttrs) (layout, ckernel.Runs, uintptr, bool) {
	keep := joined([]device.Value{v}, long, short)
	if keep.order == blocked && s.Axis == 1 && (s.From%blockSize != 0 || s.Step != 1) {
		keep.order = channelsLast
	}
	from := s.From
	if keep.order == blocked && s.Axis == 1 {
		from /= blockSize
	}
	lies, at := inMemory(keep.order, long.Shape, s.Axis)
	part, _ := inMemory(keep.order, short.Shape, s.Axis)
	outer, inner, _ := around(lies, at)
	one := int(keep.bytes(device.Type{Shape: []int{inner}}))
	bytes := keep.runBytes(part, at)
	r := ckernel.Runs{Count: outer, Bytes: bytes, FromStep: keep.runBytes(lies, at), ToStep: bytes}
	if s.Step > 1 && outer == 1 {
		r = ckernel.Runs{Count: part[at], Bytes: one, FromStep: s.Step * one, ToStep: one}
	}
	return keep, r, uintptr(from * one), s.Step == 1 || outer == 1
}
