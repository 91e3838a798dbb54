package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// LayerNorm normalises each row of x (…,D) by its mean and biased variance,
// then scales by gamma (D) and shifts by beta (D) (Ba et al.,
// arXiv:1607.06450).
func LayerNorm(x, gamma, beta *gorgonia.Node, a device.LayerNormAttrs) *gorgonia.Node {
	s := shapeOf(x)
	check(len(s) >= 1, device.LayerNorm, "x is a scalar, want (…,D)")
	d := s[len(s)-1]
	for _, p := range []*gorgonia.Node{gamma, beta} {
		check(len(p.Shape()) == 1 && p.Shape()[0] == d && p.Dtype() == x.Dtype(), device.LayerNorm,
			"parameter %v %v for x %v %v", p.Dtype(), p.Shape(), x.Dtype(), s)
	}
	row, column := like(x, rowsBefore(s)), like(x, d)
	o := &Op{kind: device.LayerNorm, attrs: a, out: TypeOf(x), saved: []device.Type{row, row}, wrt: trueFor(3)}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		g := &Op{kind: device.LayerNormGrad, attrs: a, out: TypeOf(in[0]),
			saved: []device.Type{column, column}, reads: []*gorgonia.Node{out}}
		dx := g.apply(dout, in[0], in[1])
		return gorgonia.Nodes{dx, pick(dx, column, 0), pick(dx, column, 1)}
	}
	return o.apply(x, gamma, beta)
}

// rowsBefore is the number of positions of all axes but the last.
func rowsBefore(shape []int) int {
	n := 1
	for _, d := range shape[:len(shape)-1] {
		n *= d
	}
	return n
}
