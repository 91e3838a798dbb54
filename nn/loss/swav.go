package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// Sinkhorn turns the scores (N,P) of N samples under P prototypes into codes
// (N,P) of SwAV (arXiv:2006.09882, section 3.1): exp(scores/epsilon), scaled in
// turn so that prototypes weigh the same and every row sums to 1. The largest
// score is taken off first, which changes nothing and keeps the exponential
// within float32. Codes carry no gradient.
func Sinkhorn(scores *gorgonia.Node, epsilon float64, iterations int) *gorgonia.Node {
	n, p := scores.Shape()[0], scores.Shape()[1]
	s := op.StopGradient(scores)
	q := op.Exp(op.Scale(op.Sub(s, op.Max(s)), 1/epsilon))
	q = op.Div(q, op.Sum(q))
	for range iterations {
		q = op.Div(q, op.Scale(op.Reshape(op.Sum(q, 0), 1, p), float64(p)))
		q = op.Div(q, op.Scale(op.Reshape(op.Sum(q, 1), n, 1), float64(n)))
	}
	return op.StopGradient(op.Scale(q, float64(n)))
}

// SwappedPrediction is the loss of SwAV: the codes (N,P) of view a, for the
// first len(codes) views, are predicted from the scores (N,P) of every other
// view at a temperature. The mean over these pairs, as a scalar.
func SwappedPrediction(scores, codes []*gorgonia.Node, temperature float64) *gorgonia.Node {
	var sum *gorgonia.Node
	for a, code := range codes {
		for v, s := range scores {
			if v == a {
				continue
			}
			l := SoftCrossEntropy(op.Scale(s, 1/temperature), code)
			if sum == nil {
				sum = l
			} else {
				sum = op.Add(sum, l)
			}
		}
	}
	return op.Scale(sum, 1/float64(len(codes)*(len(scores)-1)))
}
