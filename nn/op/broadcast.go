package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Broadcast repeats x to a shape: aligned at the last axis, sizes of x are
// those of the shape or 1.
func Broadcast(x *gorgonia.Node, shape ...int) *gorgonia.Node {
	joint, ok := broadcastShape(shapeOf(x), shape)
	check(ok && slices.Equal(joint, shape), device.Broadcast, "shape %v does not broadcast to %v", x.Shape(), shape)
	return broadcast(x, shape...)
}

func broadcast(x *gorgonia.Node, shape ...int) *gorgonia.Node {
	if slices.Equal(shapeOf(x), shape) {
		return x
	}
	o := &Op{kind: device.Broadcast, out: like(x, shape...), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{reduceTo(dout, shapeOf(in[0]))}
	}
	return o.apply(x)
}

// broadcastShape is the shape that a and b broadcast to together.
func broadcastShape(a, b []int) (shape []int, ok bool) {
	shape = make([]int, max(len(a), len(b)))
	for i := range shape {
		da, db := sizeAt(a, i, len(shape)), sizeAt(b, i, len(shape))
		if da != db && da != 1 && db != 1 {
			return nil, false
		}
		shape[i] = da
		if da == 1 {
			shape[i] = db
		}
	}
	return shape, true
}

// sizeAt is the size of axis i once shape has rank axes, aligned at the last.
func sizeAt(shape []int, i, rank int) int {
	if i -= rank - len(shape); i >= 0 {
		return shape[i]
	}
	return 1
}

// repeated lists the axes of to along which from is repeated.
func repeated(from, to []int) []int {
	var axes []int
	for i, d := range to {
		if i < len(to)-len(from) || sizeAt(from, i, len(to)) != d {
			axes = append(axes, i)
		}
	}
	return axes
}

// reduceTo sums d over the axes along which shape was repeated.
func reduceTo(d *gorgonia.Node, shape []int) *gorgonia.Node {
	if axes := repeated(shape, shapeOf(d)); len(axes) > 0 {
		d = Sum(d, axes...)
	}
	return reshapeTo(d, shape)
}

// reshapeTo is Reshape, or x itself where it has the shape.
func reshapeTo(x *gorgonia.Node, shape []int) *gorgonia.Node {
	if slices.Equal(shapeOf(x), shape) {
		return x
	}
	return Reshape(x, shape...)
}
