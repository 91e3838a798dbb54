package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// SelectStreams mixes two streams a and b, both (N,C,spatial…), by weights
// that follow from both: selective kernels (Li et al., arXiv:1903.06586) in the
// form of SimCLRv2 (arXiv:2006.10029). Their pooled sum goes through width
// features ("fc_reduce", "bn") to logits of each stream ("fc_select"), of which
// a softmax over the streams, channel by channel, gives weights (N,2,C). The
// linear layers have no bias.
func SelectStreams(s Scope, a, b *gorgonia.Node, width int) (y, weights *gorgonia.Node) {
	n, c := a.Shape()[0], a.Shape()[1]
	pooled := op.Add(GlobalMean(a), GlobalMean(b))
	z := ReLU(BatchNorm(s.Sub("bn"), Linear(s.Sub("fc_reduce"), pooled, width, false)))
	logits := op.Reshape(Linear(s.Sub("fc_select"), z, 2*c, false), n, 2, c)
	weights = op.Softmax(logits, 1)
	share := func(stream int) *gorgonia.Node { return op.Slice(weights, 1, stream, stream+1) }
	return op.Add(Gate(a, share(0)), Gate(b, share(1))), weights
}

// Gate scales each channel of each sample of x (N,C,spatial…) by its weight,
// N·C numbers in that order.
func Gate(x, weights *gorgonia.Node) *gorgonia.Node {
	shape := []int{x.Shape()[0], x.Shape()[1]}
	for range x.Shape()[2:] {
		shape = append(shape, 1)
	}
	return op.Mul(x, op.Reshape(weights, shape...))
}
