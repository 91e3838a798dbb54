package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Positions of BatchNorm's running statistics among its inputs.
const runningMean, runningVariance = 3, 4

// BatchNorm normalises x (N,C,…) by channel, then scales by gamma (C) and
// shifts by beta (C). Training plans use the batch's statistics and update
// mean and variance (C), which get no gradient, in place; others, and frozen
// ones, use these. Splits 0 means 1; N must be a multiple of it.
func BatchNorm(x, gamma, beta, mean, variance *gorgonia.Node, a device.BatchNormAttrs) *gorgonia.Node {
	s := x.Shape()
	check(len(s) >= 2, device.BatchNorm, "x has shape %v, want (N,C,…)", s)
	for _, p := range []*gorgonia.Node{gamma, beta, mean, variance} {
		check(len(p.Shape()) == 1 && p.Shape()[0] == s[1], device.BatchNorm, "parameter %v for x %v", p.Shape(), s)
	}
	a.Splits = max(a.Splits, 1)
	check(s[0]%a.Splits == 0, device.BatchNorm, "x %v in %d splits, want a multiple of samples", s, a.Splits)
	channel, statistic := like(x, s[1]), like(x, a.Splits*s[1])
	o := &Op{kind: device.BatchNorm, attrs: a, out: TypeOf(x), saved: []device.Type{statistic, statistic},
		wrt: []bool{true, true, true, false, false}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.BatchNormGrad, attrs: a, out: TypeOf(in[0]),
			saved: []device.Type{channel, channel}, reads: []*gorgonia.Node{out}}
		dx := d.apply(dout, in[0], in[1])
		return gorgonia.Nodes{dx, pick(dx, channel, 0), pick(dx, channel, 1), nil, nil}
	}
	return o.apply(x, gamma, beta, mean, variance)
}

// frozen tells whether the operation is a batch norm that never trains its
// statistics, or the gradient of one.
func (o *Op) frozen() bool {
	a, ok := o.attrs.(device.BatchNormAttrs)
	return ok && a.Frozen
}

// pick is the saved value number index of node n, as a node.
func pick(n *gorgonia.Node, t device.Type, index int) *gorgonia.Node {
	o := &Op{kind: device.Pick, attrs: device.PickAttrs{Index: index}, out: t, reads: []*gorgonia.Node{n}}
	return o.apply(n)
}
