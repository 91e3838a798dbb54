package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// AddBias adds b (C) to x (N,C,…) along axis 1.
func AddBias(x, b *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	check(len(s) >= 2, device.AddBias, "x has shape %v, want (N,C,…)", s)
	check(len(b.Shape()) == 1 && b.Shape()[0] == s[1], device.AddBias, "bias %v for x %v", b.Shape(), s)
	o := &Op{kind: device.AddBias, out: TypeOf(x), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		db := &Op{kind: device.SumToChannel, out: TypeOf(in[1])}
		return gorgonia.Nodes{dout, db.apply(dout)}
	}
	return o.apply(x, b)
}
