package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// GlobalMean averages x (N,C,spatial…) over space and time to (N,C).
func GlobalMean(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	check(len(s) >= 3, device.GlobalMean, "x has shape %v, want (N,C,spatial…)", s)
	o := &Op{kind: device.GlobalMean, out: like(x, s[0], s[1]), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.GlobalMeanGrad, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, in[0])}
	}
	return o.apply(x)
}
