package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// NTXentOptions are the settings of NTXent.
type NTXentOptions struct {
	Temperature float64 // above 0
	// Negatives (M,D), nil for none, are further negatives of every anchor.
	Negatives *gorgonia.Node
	// Raw compares the rows as they are instead of by their directions.
	Raw bool
	// PartnerOffset moves every positive by this many videos, which breaks the
	// loss on purpose, as a control.
	PartnerOffset int
}

// NTXentNodes are the loss and what it is made of.
type NTXentNodes struct {
	Loss       *gorgonia.Node    // mean over the 2N anchors, a scalar
	Views      [2]*gorgonia.Node // mean over the anchors of each view, scalars; Loss is their mean
	Z          *gorgonia.Node    // (2N,D), unit rows unless Raw
	Hits       *gorgonia.Node    // (2N): 1 where an anchor is closest to its positive, else 0
	Candidates int               // 2N-1+M, among which an anchor finds its positive
}

// NTXent is the normalised temperature-scaled cross-entropy of SimCLR
// (arXiv:2002.05709, equation 1). h (2N,D) holds view 1 of N videos, then
// view 2; the positive of a row is the other view of its video, and all other
// rows are negatives. The partner stays in the denominator, the row itself
// does not. Gradients reach all rows.
//
// The official code minimises the sum of the two views' means, twice this one.
// Memory is linear in N: the matrix of logits never exists.
func NTXent(h *gorgonia.Node, o NTXentOptions) NTXentNodes {
	rows := h.Shape()[0]
	n := rows / 2
	z := direction(h, o.Raw)
	candidates, columnIDs := z, Diagonal(rows) // a row and itself have equal ids
	if o.Negatives != nil {
		candidates = op.Concat(0, z, direction(o.Negatives, o.Raw))
		for range o.Negatives.Shape()[0] {
			columnIDs = append(columnIDs, -1)
		}
	}
	losses, hits := op.SimilarityCrossEntropy(z, candidates, op.Similarity{
		Factor: 1 / o.Temperature, Targets: Targets(h.Graph(), partners(n, o.PartnerOffset)),
		RowIDs: Targets(h.Graph(), Diagonal(rows)), ColumnIDs: Targets(h.Graph(), columnIDs),
	})
	out := NTXentNodes{Z: z, Hits: hits, Candidates: candidates.Shape()[0] - 1}
	for v := range out.Views {
		out.Views[v] = op.Mean(op.Slice(losses, 0, v*n, (v+1)*n), 0)
	}
	out.Loss = op.Scale(op.Add(out.Views[0], out.Views[1]), .5)
	return out
}

func direction(h *gorgonia.Node, raw bool) *gorgonia.Node {
	if raw {
		return h
	}
	return op.Normalize(h)
}

// partners returns the row of each anchor's positive, for two views of n videos.
func partners(n, offset int) []int32 {
	rows := make([]int32, 2*n)
	for i := range rows {
		video := ((i+offset)%n + n) % n
		rows[i] = int32(video + n - i/n*n) // the other view
	}
	return rows
}
