package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// CrossEntropy is the mean over rows of logsumexp(logits) - logits[target],
// a scalar; logits (N,M), targets int32 (N) in [0,M). Rows of a negative
// target are left out; without any row left it is 0.
func CrossEntropy(logits, targets *gorgonia.Node) *gorgonia.Node {
	return SmoothedCrossEntropy(logits, targets, 0)
}

// SmoothedCrossEntropy is CrossEntropy with targets of 1-smoothing, the rest of
// which all M classes divide evenly (arXiv:1512.00567, section 7).
func SmoothedCrossEntropy(logits, targets *gorgonia.Node, smoothing float64) *gorgonia.Node {
	checkRank(logits, device.CrossEntropy, "logits", 2)
	checkIDs(targets, device.CrossEntropy, "targets")
	check(len(targets.Shape()) == 1 && targets.Shape()[0] == logits.Shape()[0], device.CrossEntropy,
		"targets %v for logits %v", targets.Shape(), logits.Shape())
	check(smoothing >= 0 && smoothing < 1, device.CrossEntropy, "smoothing %g, want in [0,1)", smoothing)
	a := device.CrossEntropyAttrs{Smoothing: smoothing}
	o := &Op{kind: device.CrossEntropy, attrs: a, out: like(logits), wrt: []bool{true, false},
		saved: []device.Type{TypeOf(logits)}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.CrossEntropyGrad, attrs: a, out: TypeOf(in[0]), reads: []*gorgonia.Node{out}}
		return gorgonia.Nodes{d.apply(dout, in[0], in[1]), nil}
	}
	return o.apply(logits, targets)
}
