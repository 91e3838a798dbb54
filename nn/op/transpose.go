package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Transpose turns x (N,M) into (M,N).
func Transpose(x *gorgonia.Node) *gorgonia.Node {
	checkRank(x, device.Transpose, "x", 2)
	o := &Op{kind: device.Transpose, out: like(x, x.Shape()[1], x.Shape()[0]), wrt: []bool{true}}
	o.grad = func(_ gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Transpose(dout)}
	}
	return o.apply(x)
}
