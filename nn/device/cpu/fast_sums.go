package cpu

import (
	"slices"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// axisRange is neighbouring axes of a plain tensor: (outer, n, inner).
type axisRange struct{ outer, n, inner int }

// axisRangeOf views axes, ascending, as one; ok is false where they are apart
// or none.
func axisRangeOf(shape, axes []int) (r axisRange, ok bool) {
	if len(axes) == 0 || axes[len(axes)-1]-axes[0] != len(axes)-1 {
		return r, false
	}
	r = axisRange{1, 1, 1}
	for i, d := range shape {
		switch {
		case i < axes[0]:
			r.outer *= d
		case i <= axes[len(axes)-1]:
			r.n *= d
		default:
			r.inner *= d
		}
	}
	return r, true
}

// overPlaces tells whether axes are all but N and C of a value that lies with
// its channels innermost.
func overPlaces(v device.Value, axes []int) bool {
	return layoutOf(v).order != rowMajor && len(axes) == len(v.Type.Shape)-2 && axes[0] == 2
}

// overAllButChannels tells whether axes are all but C.
func overAllButChannels(shape, axes []int) bool {
	return len(shape) > 1 && len(axes) == len(shape)-1 && !slices.Contains(axes, 1)
}

// lowerReduce: x -> y. Sums and means over places, all but channels, or
// neighbouring axes; the others over the last axes.
func lowerReduce(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	a := op.Attrs.(device.ReduceAttrs)
	divisor := 1.0
	switch a.Func {
	case device.ReduceMean:
		divisor = float64(op.In[0].Elements()) / float64(op.Out.Elements())
	case device.ReduceSum:
	default:
		return lowerReduceRows(f, op, a)
	}
	if l, ok := f.sumPlaces(in, a.Axes, divisor); ok {
		return l, true, nil
	}
	if l, ok := f.sumToChannels(op, in[0], a, divisor); ok {
		return l, true, nil
	}
	return f.sumAxes(op, a.Axes, divisor)
}

// lowerDot: a, b -> sums of a·b.
func lowerDot(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	a := op.Attrs.(device.DotAttrs)
	if l, ok := f.sumPlaces(in, a.Axes, 1); ok {
		return l, true, nil
	}
	return f.sumAxes(op, a.Axes, 1)
}

// sumPlaces sums one value, or the product of two, over its places where it lies
// with channels innermost.
func (f *fast) sumPlaces(in []device.Value, axes []int, divisor float64) (device.Lowered, bool) {
	at := slices.IndexFunc(in, func(v device.Value) bool { return overPlaces(v, axes) })
	if at < 0 {
		return device.Lowered{}, false
	}
	keep, size := layoutOf(in[at]), planesOf(in[at].Type).size
	n, channels := keep.samples(in[at].Type)
	l := device.Lowered{Reuse: -1, Kernel: func(a *device.Args) error {
		f.team.SumPlaces(keep.elem, n, size, channels, a.In[0].Ptr, secondOf(a), divisor, a.Out.Ptr)
		return nil
	}}
	for range in {
		l.In = append(l.In, keep.device())
	}
	return l, true
}

// secondOf is the address of a second operand, 0 where there is none.
func secondOf(a *device.Args) uintptr {
	if len(a.In) < 2 {
		return 0
	}
	return a.In[1].Ptr
}

// sumToChannels serves sums over all axes but the one that lies innermost, such
// as the gradient of a bias.
func (f *fast) sumToChannels(op device.OpDesc, v device.Value, a device.ReduceAttrs, divisor float64) (device.Lowered, bool) {
	t, keep := op.In[0], layoutOf(v)
	var rows ckernel.Rows
	r, ok := axisRangeOf(t.Shape, a.Axes)
	switch {
	case divisor != 1:
		return device.Lowered{}, false
	case keep.order != rowMajor && overAllButChannels(t.Shape, a.Axes):
		rows = keep.rows(t)
	case ok && r.outer == 1 && r.inner > 1 && r.inner <= widestRow:
		keep = tokens(v)
		rows = ckernel.Rows{Outer: 1, Blocks: 1, Places: r.n, Channels: r.inner, Elem: keep.elem}
	default:
		return device.Lowered{}, false
	}
	return device.Lowered{In: []device.Layout{keep.device()}, Scratch: rows.Scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.SumRows(rows, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true
}

// widestRow is the longest row of which many are summed chunk by chunk, each
// chunk in sums of its own; wider ones are cut into columns.
const widestRow = 4096

// sumAxes sums plain values over neighbouring axes.
func (f *fast) sumAxes(op device.OpDesc, axes []int, divisor float64) (device.Lowered, bool, error) {
	r, ok := axisRangeOf(op.In[0].Shape, axes)
	return device.Lowered{In: make([]device.Layout, len(op.In)), Reuse: -1, Kernel: func(a *device.Args) error {
		f.team.SumAxis(r.outer, r.n, r.inner, a.In[0].Ptr, secondOf(a), divisor, a.Out.Ptr)
		return nil
	}}, ok, nil
}

// lowerReduceRows: the largest of the last axes, or their LogSumExp.
func lowerReduceRows(f *fast, op device.OpDesc, attrs device.ReduceAttrs) (device.Lowered, bool, error) {
	r, ok := axisRangeOf(op.In[0].Shape, attrs.Axes)
	reduce := f.team.LogSumExp
	if attrs.Func == device.ReduceMax {
		reduce = f.team.Largest
	}
	return device.Lowered{In: make([]device.Layout, 1), Reuse: -1, Kernel: func(a *device.Args) error {
		reduce(r.outer, r.n, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, ok && r.inner == 1, nil
}
