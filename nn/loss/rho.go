package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// RhoInfoNCE contrasts ρ clips of each video (rho-MoCo, arXiv:2104.14558): each
// of the ρ queries (N,D) is pulled to the keys (N,D) of the other clips, each
// against the same past keys (K,D). Element i is the mean over the batch and the
// other clips of the InfoNCE of query i; the method minimises the sum of all. Raw
// says that the queries have unit rows; keys and past always have.
func RhoInfoNCE(queries, keys []*gorgonia.Node, past *gorgonia.Node, o InfoNCEOptions) []*gorgonia.Node {
	losses := make([]*gorgonia.Node, len(queries))
	for i, q := range queries {
		var own, repeated []*gorgonia.Node
		for j, k := range keys {
			if j != i {
				own, repeated = append(own, k), append(repeated, q)
			}
		}
		losses[i] = InfoNCE(concat(repeated), concat(own), past, o).Loss
	}
	return losses
}

// RhoCosine pulls each of ρ predictions (N,D) to the targets (N,D) of the other
// clips (rho-BYOL, arXiv:2104.14558): element i is the mean over the batch and
// the other clips of -cos/temperature. Targets carry no gradient.
func RhoCosine(predictions, targets []*gorgonia.Node, temperature float64) []*gorgonia.Node {
	losses := make([]*gorgonia.Node, len(predictions))
	for i, p := range predictions {
		var others []*gorgonia.Node
		for j, k := range targets {
			if j != i {
				others = append(others, op.Dot(op.Normalize(p), op.StopGradient(op.Normalize(k)), 1))
			}
		}
		losses[i] = op.Scale(op.Mean(concat(others), 0), -1/temperature)
	}
	return losses
}

// RhoNTXent is NT-Xent of each two consecutive clips, 0 and 1, 1 and 2, and so
// on, of ρ projections (N,D) (rho-SimCLR, arXiv:2104.14558).
func RhoNTXent(projections []*gorgonia.Node, o NTXentOptions) []NTXentNodes {
	pairs := make([]NTXentNodes, len(projections)-1)
	for i := range pairs {
		pairs[i] = NTXent(op.Concat(0, projections[i], projections[i+1]), o)
	}
	return pairs
}

// concat joins along the first axis; one node stays itself.
func concat(xs []*gorgonia.Node) *gorgonia.Node {
	if len(xs) == 1 {
		return xs[0]
	}
	return op.Concat(0, xs...)
}
