package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// ReLU is max(x, 0) of each element. Its gradient at 0 is 0.
func ReLU(x *gorgonia.Node) *gorgonia.Node {
	o := &Op{kind: device.ReLU, out: TypeOf(x), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.ReLUGrad, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, out)}
	}
	return o.apply(x)
}
