package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Concat joins inputs along an axis; their other sizes are equal.
func Concat(axis int, xs ...*gorgonia.Node) *gorgonia.Node {
	check(len(xs) > 0, device.Concat, "no inputs")
	shape := shapeOf(xs[0])
	checkAxis(xs[0], device.Concat, axis)
	shape[axis] = 0
	wrt := make([]bool, len(xs))
	for i, x := range xs {
		s := shapeOf(x)
		check(len(s) == len(shape) && x.Dtype() == xs[0].Dtype(), device.Concat, "%v %v beside %v %v", x.Dtype(), s, xs[0].Dtype(), xs[0].Shape())
		shape[axis] += s[axis]
		s[axis] = shape[axis]
		check(slices.Equal(s, shape), device.Concat, "shapes %v along axis %d", shapes(xs), axis)
		wrt[i] = true
	}
	o := &Op{kind: device.Concat, attrs: device.ConcatAttrs{Axis: axis}, out: like(xs[0], shape...), wrt: wrt}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		var ds gorgonia.Nodes
		from := 0
		for _, x := range in {
			to := from + x.Shape()[axis]
			ds = append(ds, Slice(dout, axis, from, to))
			from = to
		}
		return ds
	}
	return o.apply(xs...)
}
