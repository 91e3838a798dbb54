package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// CLIPNodes are the loss and what it is made of.
type CLIPNodes struct {
	Loss   *gorgonia.Node // a scalar
	Image  *gorgonia.Node // (N,D) unit rows
	Text   *gorgonia.Node // (N,D) unit rows
	Logits *gorgonia.Node // (N,N): rows are images (or clips), columns texts; the mask is added
}

// CLIP pairs row i of image (N,D) with row i of text (N,D), the other way round
// as well: the mean of both cross-entropies (arXiv:2103.00020, figure 3). Both
// are normalised here. logScale, a scalar, is the logarithm of what multiplies
// the cosines; callers keep it within [0, ln 100]. mask (N,N), nil for none, is
// added to the logits: -1e9 off the diagonal takes a pair with equal captions,
// which is no negative, out of both denominators.
func CLIP(image, text, logScale, mask *gorgonia.Node) CLIPNodes {
	out := CLIPNodes{Image: op.Normalize(image), Text: op.Normalize(text)}
	cosines := op.MatMul(out.Image, out.Text, device.MatMulAttrs{TransB: true})
	out.Logits = op.Mul(cosines, op.Exp(logScale))
	if mask != nil {
		out.Logits = op.Add(out.Logits, mask)
	}
	targets := Targets(image.Graph(), Diagonal(image.Shape()[0]))
	rows := op.CrossEntropy(out.Logits, targets)
	columns := op.CrossEntropy(op.Permute(out.Logits, 1, 0), targets)
	out.Loss = op.Scale(op.Add(rows, columns), .5)
	return out
}
