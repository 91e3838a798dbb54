package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Reshape keeps the elements, in row-major order, under another shape.
func Reshape(x *gorgonia.Node, shape ...int) *gorgonia.Node {
	out := like(x, shape...)
	check(out.Elements() == TypeOf(x).Elements(), device.Reshape, "%v to %v: numbers of elements differ", x.Shape(), shape)
	o := &Op{kind: device.Reshape, out: out, wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Reshape(dout, shapeOf(in[0])...)}
	}
	return o.apply(x)
}
