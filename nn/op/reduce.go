package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Sum adds over axes, which go; none named are all, to a scalar.
func Sum(x *gorgonia.Node, axes ...int) *gorgonia.Node { return reduce(x, device.ReduceSum, axes) }

// Mean averages over axes, which go; none named are all, to a scalar.
func Mean(x *gorgonia.Node, axes ...int) *gorgonia.Node { return reduce(x, device.ReduceMean, axes) }

// Max takes the largest over axes, which go; none named are all, to a scalar.
// Equal maxima share the gradient evenly.
func Max(x *gorgonia.Node, axes ...int) *gorgonia.Node { return reduce(x, device.ReduceMax, axes) }

// LogSumExp is ln Σe^x over axes, which go; none named are all, to a scalar.
func LogSumExp(x *gorgonia.Node, axes ...int) *gorgonia.Node {
	return reduce(x, device.ReduceLogSumExp, axes)
}

func reduce(x *gorgonia.Node, f device.ReduceFunc, axes []int) *gorgonia.Node {
	axes, shape := reduced(x, device.Reduce, axes)
	a := device.ReduceAttrs{Func: f, Axes: axes}
	o := &Op{kind: device.Reduce, attrs: a, out: like(x, shape...), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{reduceGrad(a, in[0], out, dout)}
	}
	return o.apply(x)
}

func reduceGrad(a device.ReduceAttrs, x, y, dy *gorgonia.Node) *gorgonia.Node {
	switch a.Func {
	case device.ReduceSum:
		return spread(dy, a.Axes, x)
	case device.ReduceMean:
		count := float64(x.Shape().TotalSize()) / float64(y.Shape().TotalSize())
		return spread(Scale(dy, 1/count), a.Axes, x)
	}
	d := &Op{kind: device.ReduceGrad, attrs: a, out: TypeOf(x)}
	return d.apply(dy, x, y)
}

// reduced checks the axes of a reduction, all where none are named, and gives
// them in order with the shape that stays.
func reduced(x *gorgonia.Node, k device.Kind, axes []int) (sorted, shape []int) {
	in := shapeOf(x)
	if len(axes) == 0 {
		for i := range in {
			axes = append(axes, i)
		}
	}
	sorted = slices.Sorted(slices.Values(axes))
	for i, a := range sorted {
		checkAxis(x, k, a)
		check(i == 0 || a != sorted[i-1], k, "axis %d of shape %v named twice", a, in)
	}
	for i, d := range in {
		if !slices.Contains(sorted, i) {
			shape = append(shape, d)
		}
	}
	return sorted, shape
}

// spread repeats y, which lacks the given axes of x, along them.
func spread(y *gorgonia.Node, axes []int, x *gorgonia.Node) *gorgonia.Node {
	return broadcast(keepAxes(y, axes, x), shapeOf(x)...)
}

// keepAxes gives y, which lacks the given axes of x, these again with size 1.
func keepAxes(y *gorgonia.Node, axes []int, x *gorgonia.Node) *gorgonia.Node {
	shape := shapeOf(x)
	for _, a := range axes {
		shape[a] = 1
	}
	if slices.Equal(shape, shapeOf(y)) {
		return y
	}
	return Reshape(y, shape...)
}
