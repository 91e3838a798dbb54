package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Slice takes the half-open range [from, to) of an axis.
func Slice(x *gorgonia.Node, axis, from, to int) *gorgonia.Node {
	return SliceStep(x, axis, from, to, 1)
}

// Split cuts x along an axis into parts of the given sizes, each at least 1,
// which add up to the axis.
func Split(x *gorgonia.Node, axis int, sizes ...int) []*gorgonia.Node {
	checkAxis(x, device.Slice, axis)
	total := 0
	for _, size := range sizes {
		check(size >= 1, device.Slice, "split into %v: sizes below 1", sizes)
		total += size
	}
	check(total == x.Shape()[axis], device.Slice, "split into %v of axis %d of shape %v", sizes, axis, x.Shape())
	parts, from := make([]*gorgonia.Node, len(sizes)), 0
	for i, size := range sizes {
		parts[i] = Slice(x, axis, from, from+size)
		from += size
	}
	return parts
}

// SliceStep takes every step-th element of the half-open range [from, to) of an
// axis, the first included; step is at least 1.
func SliceStep(x *gorgonia.Node, axis, from, to, step int) *gorgonia.Node {
	shape := shapeOf(x)
	checkAxis(x, device.Slice, axis)
	check(0 <= from && from < to && to <= shape[axis] && step >= 1, device.Slice,
		"[%d,%d) by %d of axis %d of shape %v", from, to, step, axis, shape)
	shape[axis] = (to - from + step - 1) / step
	a := device.SliceAttrs{Axis: axis, From: from, To: to, Step: step}
	o := &Op{kind: device.Slice, attrs: a, out: like(x, shape...), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.SliceGrad, attrs: a, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, in[0])}
	}
	return o.apply(x)
}
