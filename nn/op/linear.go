package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Linear maps the innermost axis: x (…,D), w (O,D) and b (O), or nil for none,
// to x·wᵀ + b (…,O). x has at least two axes.
func Linear(x, w, b *gorgonia.Node) *gorgonia.Node {
	s := shapeOf(x)
	check(len(s) >= 2, device.Linear, "x has shape %v, want (…,D) of at least 2 axes", s)
	checkRank(w, device.Linear, "w", 2)
	check(w.Shape()[1] == s[len(s)-1] && w.Dtype() == x.Dtype(), device.Linear,
		"w %v %v for x %v %v", w.Dtype(), w.Shape(), x.Dtype(), s)
	out := w.Shape()[0]
	in := gorgonia.Nodes{x, w}
	if b != nil {
		check(len(b.Shape()) == 1 && b.Shape()[0] == out && b.Dtype() == x.Dtype(), device.Linear,
			"b %v %v for w %v %v", b.Dtype(), b.Shape(), w.Dtype(), w.Shape())
		in = append(in, b)
	}
	o := &Op{kind: device.Linear, out: like(x, append(s[:len(s)-1:len(s)-1], out)...), wrt: trueFor(len(in))}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		dx := &Op{kind: device.LinearGradInput, out: TypeOf(in[0])}
		dw := &Op{kind: device.LinearGradWeight, out: TypeOf(in[1])}
		grads := gorgonia.Nodes{dx.apply(dout, in[1]), dw.apply(in[0], dout)}
		if len(in) == 3 {
			grads = append(grads, sumRows(dout))
		}
		return grads
	}
	return o.apply(in...)
}

// trueFor says that all n inputs get a gradient.
func trueFor(n int) []bool {
	wrt := make([]bool, n)
	for i := range wrt {
		wrt[i] = true
	}
	return wrt
}

// sumRows adds over all axes of x but the last.
func sumRows(x *gorgonia.Node) *gorgonia.Node {
	axes := make([]int, x.Dims()-1)
	for i := range axes {
		axes[i] = i
	}
	return Sum(x, axes...)
}
