package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// CLIPNodes are the loss and what it is made of.
type CLIPNodes struct {
	Loss  *gorgonia.Node // a scalar
	Image *gorgonia.Node // (N,D) unit rows
	Text  *gorgonia.Node // (N,D) unit rows
	Hits  *gorgonia.Node // (N): 1 where an image (or clip) is closest to its own text, else 0
}

// CLIP pairs row i of image (N,D) with row i of text (N,D), the other way round
// as well: the mean of both cross-entropies (arXiv:2103.00020, figure 3). Both
// are normalised here. logScale, a scalar, is the logarithm of what multiplies
// the cosines; callers keep it within [0, ln 100]. ids (N), int32, nil for none,
// names captions: two rows with equal ones, which is no negative pair, leave each
// other out of both denominators.
//
// Memory is linear in N: the matrix of logits never exists.
func CLIP(image, text, logScale, ids *gorgonia.Node) CLIPNodes {
	n := image.Shape()[0]
	targets := Targets(image.Graph(), Diagonal(n))
	out := CLIPNodes{Image: op.Normalize(image), Text: op.Normalize(text)}
	losses, hits := op.SimilarityCrossEntropy(out.Image, out.Text, op.Similarity{
		Factor: 1, Scale: op.Exp(logScale), Targets: targets, ColumnTargets: targets, RowIDs: ids, ColumnIDs: ids,
	})
	out.Loss, out.Hits = op.Mean(losses, 0), op.Slice(hits, 0, 0, n)
	return out
}
