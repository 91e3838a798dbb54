package cpu

import (
	"slices"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerArithmetic: Add and Mul of equal shapes, of rows, or of one number for
// each channel of a sample, as of squeeze-and-excitation.
func lowerArithmetic(kind ckernel.Elementwise) lowering {
	equal := lowerElements(kind)
	return func(f *fast, op device.OpDesc, in, reads []device.Value) (device.Lowered, bool, error) {
		l, ok, err := equal(f, op, in, reads)
		if ok || err != nil {
			return l, ok, err
		}
		for _, big := range []int{0, 1} {
			if slices.Equal(op.In[big].Shape, op.Out.Shape) {
				l, ok := f.rowArithmetic(kind == ckernel.Mul, op, in, big)
				return l, ok, nil
			}
		}
		return l, false, nil
	}
}

// rowArithmetic combines operand big, of the output's shape, with the rows of
// the other.
func (f *fast) rowArithmetic(multiply bool, op device.OpDesc, in []device.Value, big int) (device.Lowered, bool) {
	small := 1 - big
	rows, keep, ok := rowsFor(in[big], op.In[small].Shape)
	if !ok {
		return device.Lowered{}, false
	}
	l := device.Lowered{In: make([]device.Layout, 2), Out: keep.device(), Reuse: big, Kernel: func(a *device.Args) error {
		f.team.SampleRow(multiply, rows, a.In[big].Ptr, a.In[small].Ptr, a.Out.Ptr)
		return nil
	}}
	l.In[big] = keep.device()
	return l, true
}

// rowsFor says how a value is cut into samples whose places all take the same
// row of a smaller shape, maybe of one number, and the layout in which it is.
func rowsFor(v device.Value, small []int) (ckernel.Rows, layout, bool) {
	t, keep := v.Type, layoutOf(v)
	if keep.order != rowMajor && perSample(t.Shape, small) {
		n, channels := keep.samples(t)
		return ckernel.Rows{Outer: n, Blocks: 1, Places: planesOf(t).size, Channels: channels, Elem: keep.elem}, keep, true
	}
	if lead, row, ok := suffix(t.Shape, small); ok {
		keep = tokens(v)
		return ckernel.Rows{Outer: 1, Blocks: 1, Places: lead, Channels: row, Elem: keep.elem}, keep, true
	}
	if lead, ok := prefix(t.Shape, small); ok {
		keep = tokens(v)
		return ckernel.Rows{Outer: lead, Blocks: 1, Places: int(t.Elements()) / lead, Channels: 1, Elem: keep.elem}, keep, true
	}
	return ckernel.Rows{}, keep, false
}

// prefix tells whether small is the first axes of shape, lead elements, before
// axes of size 1.
func prefix(shape, small []int) (lead int, ok bool) {
	if len(small) != len(shape) {
		return 0, false
	}
	lead = 1
	for i, d := range shape {
		if small[i] != d {
			return lead, isOnes(small[i:])
		}
		lead *= d
	}
	return lead, true
}

// perSample tells whether small is (N,C,1…) for a shape (N,C,spatial…).
func perSample(shape, small []int) bool {
	return len(small) == len(shape) && slices.Equal(small[:2], shape[:2]) && isOnes(small[2:])
}

// suffix tells whether small is the last axes of shape, after axes of size 1:
// lead rows of row elements, more than one.
func suffix(shape, small []int) (lead, row int, ok bool) {
	for len(small) > 0 && small[0] == 1 {
		small = small[1:]
	}
	at := len(shape) - len(small)
	if at < 0 || !slices.Equal(shape[at:], small) {
		return 0, 0, false
	}
	lead, row = 1, 1
	for _, d := range shape[:at] {
		lead *= d
	}
	for _, d := range small {
		row *= d
	}
	return lead, row, row > 1
}

func isOnes(sizes []int) bool {
	return !slices.ContainsFunc(sizes, func(d int) bool { return d != 1 })
}

// lowerBroadcast: one number for each channel of a sample to all its places, or
// rows under each other.
func lowerBroadcast(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	t, small := op.Out, op.In[0].Shape
	l := device.Lowered{In: make([]device.Layout, 1), Reuse: -1}
	if len(t.Shape) > 3 && perSample(t.Shape, small) { // of rank 3 these are more often tokens
		keep := innerLayout(t)
		n, channels := keep.samples(t)
		size := planesOf(t).size
		l.Out = keep.device()
		l.Kernel = func(a *device.Args) error {
			f.team.Spread(keep.elem, n, size, channels, 1, a.In[0].Ptr, a.Out.Ptr)
			return nil
		}
		return l, true, nil
	}
	lead, row, ok := suffix(t.Shape, small)
	l.Kernel = func(a *device.Args) error {
		f.team.Copy(ckernel.Runs{Count: lead, Bytes: 4 * row, ToStep: 4 * row}, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}
	return l, ok, nil
}
