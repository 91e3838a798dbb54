package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// GroupNorm normalises each group of C/Groups channels of each sample of x
// (N,C,…) by its own mean and biased variance, then scales by gamma (C) and
// shifts by beta (C). One group is layer norm over all axes but N, C groups
// are instance norm (Wu and He, arXiv:1803.08494).
func GroupNorm(x, gamma, beta *gorgonia.Node, a device.GroupNormAttrs) *gorgonia.Node {
	s := x.Shape()
	check(len(s) >= 2, device.GroupNorm, "x has shape %v, want (N,C,…)", s)
	check(a.Groups >= 1 && s[1]%a.Groups == 0, device.GroupNorm, "%d groups of the channels of x %v", a.Groups, s)
	for _, p := range []*gorgonia.Node{gamma, beta} {
		check(len(p.Shape()) == 1 && p.Shape()[0] == s[1], device.GroupNorm, "parameter %v for x %v", p.Shape(), s)
	}
	channel, statistic := like(x, s[1]), like(x, s[0], a.Groups)
	o := &Op{kind: device.GroupNorm, attrs: a, out: TypeOf(x), saved: []device.Type{statistic, statistic},
		wrt: []bool{true, true, true}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.GroupNormGrad, attrs: a, out: TypeOf(in[0]),
			saved: []device.Type{channel, channel}, reads: []*gorgonia.Node{out}}
		dx := d.apply(dout, in[0], in[1])
		return gorgonia.Nodes{dx, pick(dx, channel, 0), pick(dx, channel, 1)}
	}
	return o.apply(x, gamma, beta)
}
