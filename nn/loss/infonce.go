package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// InfoNCEOptions are the settings of InfoNCE.
type InfoNCEOptions struct {
	Temperature float64        // above 0
	Hard        *gorgonia.Node // (N,D) unit rows: row i is a further negative of query i alone; nil for none
}

// InfoNCENodes are the loss and what it is made of.
type InfoNCENodes struct {
	Loss       *gorgonia.Node // mean over the N queries, a scalar
	Z          *gorgonia.Node // (N,D) unit queries
	Logits     *gorgonia.Node // (N,Candidates) over temperature: the positive, the queue, the hard negative
	Candidates int            // 1+K, one more with hard negatives; the positive is column 0
}

// InfoNCE contrasts each query with its key against past keys (MoCo,
// arXiv:1911.05722, equation 1). q (N,D) is normalised here; keys (N,D) and past
// (K,D) have unit rows, and past may be nil. Keys of other queries are no
// negatives. Keys, past and hard negatives are stop-gradient targets: they
// enter as inputs of the graph, so that only q has a gradient.
func InfoNCE(q, keys, past *gorgonia.Node, o InfoNCEOptions) InfoNCENodes {
	z := op.Normalize(q)
	columns := []*gorgonia.Node{rowDot(z, keys)}
	if past != nil {
		columns = append(columns, op.MatMul(z, past, device.MatMulAttrs{TransB: true}))
	}
	if o.Hard != nil {
		columns = append(columns, rowDot(z, o.Hard))
	}
	logits := columns[0]
	if len(columns) > 1 {
		logits = op.Concat(1, columns...)
	}
	logits = op.Scale(logits, 1/o.Temperature)
	positives := Targets(q.Graph(), make([]int32, q.Shape()[0]))
	return InfoNCENodes{Loss: op.CrossEntropy(logits, positives), Z: z, Logits: logits, Candidates: logits.Shape()[1]}
}

// rowDot is the dot product of each row of a (N,D) with that of b (N,D), (N,1).
func rowDot(a, b *gorgonia.Node) *gorgonia.Node {
	return op.Reshape(op.Dot(a, b, 1), a.Shape()[0], 1)
}
