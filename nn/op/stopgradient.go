package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// StopGradient is x; no gradient passes to it.
func StopGradient(x *gorgonia.Node) *gorgonia.Node {
	o := &Op{kind: device.Identity, out: TypeOf(x), wrt: []bool{false}}
	return o.apply(x)
}

// GradScale is x, whose gradient is multiplied by a factor; -1 reverses it
// (arXiv:1409.7495).
func GradScale(x *gorgonia.Node, factor float64) *gorgonia.Node {
	o := &Op{kind: device.Identity, out: TypeOf(x), wrt: []bool{true}}
	o.grad = func(_ gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Scale(dout, factor)}
	}
	return o.apply(x)
}
