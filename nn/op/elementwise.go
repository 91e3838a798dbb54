package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Add is a + b by element; shapes are equal or b is a scalar ().
func Add(a, b *gorgonia.Node) *gorgonia.Node {
	return binary(device.Add, a, b, func(in gorgonia.Nodes, dout *gorgonia.Node) (da, db *gorgonia.Node) {
		return dout, dout
	})
}

// Sub is a - b by element; shapes are equal or b is a scalar ().
func Sub(a, b *gorgonia.Node) *gorgonia.Node {
	return binary(device.Sub, a, b, func(in gorgonia.Nodes, dout *gorgonia.Node) (da, db *gorgonia.Node) {
		return dout, Scale(dout, -1)
	})
}

// Mul is a · b by element; shapes are equal or b is a scalar ().
func Mul(a, b *gorgonia.Node) *gorgonia.Node {
	return binary(device.Mul, a, b, func(in gorgonia.Nodes, dout *gorgonia.Node) (da, db *gorgonia.Node) {
		return Mul(dout, in[1]), Mul(dout, in[0])
	})
}

// binary builds an elementwise operation. grad gives both gradients in the
// shape of a; that of a scalar b is then summed.
func binary(k device.Kind, a, b *gorgonia.Node, grad func(in gorgonia.Nodes, dout *gorgonia.Node) (da, db *gorgonia.Node)) *gorgonia.Node {
	broadcast := len(b.Shape()) == 0 && len(a.Shape()) > 0
	if broadcast {
		check(a.Dtype() == b.Dtype(), k, "element types %v and %v differ", a.Dtype(), b.Dtype())
	} else {
		checkSame(a, b, k)
	}
	o := &Op{kind: k, out: TypeOf(a), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		da, db := grad(in, dout)
		if broadcast {
			db = Sum(db)
		}
		return gorgonia.Nodes{da, db}
	}
	return o.apply(a, b)
}
