package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Sum adds all elements to a scalar.
func Sum(x *gorgonia.Node) *gorgonia.Node {
	o := &Op{kind: device.Sum, out: like(x), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.Fill, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, in[0])}
	}
	return o.apply(x)
}

// Mean is the average of all elements, a scalar.
func Mean(x *gorgonia.Node) *gorgonia.Node {
	return Scale(Sum(x), 1/float64(x.Shape().TotalSize()))
}
