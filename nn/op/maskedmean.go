package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// MaskedMean averages x (N,L,D) over positions, weighted by mask (N,L), which
// gets no gradient: (N,D). Rows whose weights sum to 0 give 0.
func MaskedMean(x, mask *gorgonia.Node) *gorgonia.Node {
	checkRank(x, device.MaskedMean, "x", 3)
	s := x.Shape()
	m := mask.Shape()
	check(len(m) == 2 && m[0] == s[0] && m[1] == s[1] && mask.Dtype() == x.Dtype(), device.MaskedMean,
		"mask %v %v for x %v %v", mask.Dtype(), m, x.Dtype(), s)
	o := &Op{kind: device.MaskedMean, out: like(x, s[0], s[2]), wrt: []bool{true, false}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.MaskedMeanGrad, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, in[0], in[1]), nil}
	}
	return o.apply(x, mask)
}
