package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// InfoNCEOptions are the settings of InfoNCE.
type InfoNCEOptions struct {
	Temperature float64        // above 0
	Hard        *gorgonia.Node // (N,D) unit rows: row i is a further negative of query i alone; nil for none
	Raw         bool           // the queries have unit rows as they are
}

// InfoNCENodes are the loss and what it is made of.
type InfoNCENodes struct {
	Loss       *gorgonia.Node // mean over the N queries, a scalar
	Z          *gorgonia.Node // (N,D) unit queries
	Hits       *gorgonia.Node // (N): 1 where a query is closest to its own key, else 0
	Candidates int            // 1+K, one more with hard negatives
}

// InfoNCE contrasts each query with its key against past keys (MoCo,
// arXiv:1911.05722, equation 1). q (N,D) is normalised here; keys (N,D) and past
// (K,D) have unit rows. Keys of other queries are no negatives. Keys, past and
// hard negatives are stop-gradient targets: they enter as inputs of the graph,
// so that only q has a gradient.
//
// Memory is linear in N and K: the matrix of logits never exists.
func InfoNCE(q, keys, past *gorgonia.Node, o InfoNCEOptions) InfoNCENodes {
	z := direction(q, o.Raw)
	own := rowDot(z, keys)
	if o.Hard != nil {
		own = op.Concat(1, own, rowDot(z, o.Hard))
	}
	n, width := z.Shape()[0], own.Shape()[1]
	losses, hits := op.SimilarityCrossEntropy(z, past, op.Similarity{
		Factor: 1 / o.Temperature, Own: op.Scale(own, 1/o.Temperature), Targets: Targets(q.Graph(), make([]int32, n)), FixedB: true,
	})
	return InfoNCENodes{Loss: op.Mean(losses, 0), Z: z, Hits: hits, Candidates: width + past.Shape()[0]}
}

// rowDot is the dot product of each row of a (N,D) with that of b (N,D), (N,1).
func rowDot(a, b *gorgonia.Node) *gorgonia.Node {
	return op.Reshape(op.Dot(a, b, 1), a.Shape()[0], 1)
}
