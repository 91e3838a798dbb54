package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Add is a + b by element, broadcast.
func Add(a, b *gorgonia.Node) *gorgonia.Node {
	return binary(device.Add, a, b, func(a, b, _, dout *gorgonia.Node) (da, db *gorgonia.Node) {
		return reduceTo(dout, shapeOf(a)), reduceTo(dout, shapeOf(b))
	})
}

// Sub is a - b by element, broadcast.
func Sub(a, b *gorgonia.Node) *gorgonia.Node {
	return binary(device.Sub, a, b, func(a, b, _, dout *gorgonia.Node) (da, db *gorgonia.Node) {
		return reduceTo(dout, shapeOf(a)), Scale(reduceTo(dout, shapeOf(b)), -1)
	})
}

// Mul is a·b by element, broadcast.
func Mul(a, b *gorgonia.Node) *gorgonia.Node {
	return binary(device.Mul, a, b, func(a, b, _, dout *gorgonia.Node) (da, db *gorgonia.Node) {
		return mulTo(dout, b, shapeOf(a)), mulTo(dout, a, shapeOf(b))
	})
}

// Div is a/b by element, broadcast.
func Div(a, b *gorgonia.Node) *gorgonia.Node {
	return binary(device.Div, a, b, func(a, b, out, dout *gorgonia.Node) (da, db *gorgonia.Node) {
		// b is constant along the axes over which its gradient is summed.
		db = Scale(Div(dotTo(dout, out, shapeOf(b)), b), -1)
		return reduceTo(Div(dout, b), shapeOf(a)), db
	})
}

// mulTo is d·x, in d's shape, reduced to a shape.
func mulTo(d, x *gorgonia.Node, shape []int) *gorgonia.Node {
	if slices.Equal(shapeOf(d), shapeOf(x)) {
		return dotTo(d, x, shape)
	}
	return reduceTo(Mul(d, x), shape)
}

// binary builds an elementwise operation; grad gives both gradients, each in
// the shape of its operand.
func binary(k device.Kind, a, b *gorgonia.Node, grad func(a, b, out, dout *gorgonia.Node) (da, db *gorgonia.Node)) *gorgonia.Node {
	shape, ok := broadcastShape(shapeOf(a), shapeOf(b))
	check(ok && a.Dtype() == b.Dtype(), k, "%v %v and %v %v do not broadcast", a.Dtype(), a.Shape(), b.Dtype(), b.Shape())
	o := &Op{kind: k, out: like(a, shape...), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		da, db := grad(in[0], in[1], out, dout)
		return gorgonia.Nodes{da, db}
	}
	return o.apply(a, b)
}
