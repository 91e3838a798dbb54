package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Exp is e to the power of each element.
func Exp(x *gorgonia.Node) *gorgonia.Node {
	o := &Op{kind: device.Exp, out: TypeOf(x), wrt: []bool{true}}
	o.grad = func(_ gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Mul(dout, out)}
	}
	return o.apply(x)
}
