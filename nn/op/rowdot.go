package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// RowDot is the dot product of each row of a (N,D) with that of b (N,D), (N,1).
func RowDot(a, b *gorgonia.Node) *gorgonia.Node {
	checkRank(a, device.RowDot, "a", 2)
	checkSame(a, b, device.RowDot)
	o := &Op{kind: device.RowDot, out: like(a, a.Shape()[0], 1), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{rowScale(dout, in[1]), rowScale(dout, in[0])}
	}
	return o.apply(a, b)
}

// rowScale multiplies each row of b (N,D) by the entry of s (N,1).
func rowScale(s, b *gorgonia.Node) *gorgonia.Node {
	o := &Op{kind: device.RowScale, out: TypeOf(b)}
	return o.apply(s, b)
}
