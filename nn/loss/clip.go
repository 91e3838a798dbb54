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
// added to the logits: FalseNegative takes a pair out of both denominators.
func CLIP(image, text, logScale, mask *gorgonia.Node) CLIPNodes {
	out := CLIPNodes{Image: op.Normalize(image), Text: op.Normalize(text)}
	cosines := op.MatMul(out.Image, out.Text, device.MatMulAttrs{TransB: true})
	out.Logits = op.Mul(cosines, op.Exp(logScale))
	if mask != nil {
		out.Logits = op.Add(out.Logits, mask)
	}
	targets := Targets(image.Graph(), Diagonal(image.Shape()[0]))
	rows := op.CrossEntropy(out.Logits, targets)
	columns := op.CrossEntropy(op.Transpose(out.Logits), targets)
	out.Loss = op.Scale(op.Add(rows, columns), .5)
	return out
}

// FalseNegative is what a mask adds to the logit of a pair that must not count
// as a negative. Against it e to the power of a logit is 0 in float32, while
// logits beside it keep their digits.
const FalseNegative = -1e9

// MaskEqual fills mask (N,N) for CLIP: FalseNegative where two different rows
// have equal captions, else 0. mask has len(captions)² elements.
func MaskEqual[T float32 | float64](mask []T, captions []string) {
	n := len(captions)
	for i, a := range captions {
		for j, b := range captions {
			mask[i*n+j] = 0
			if i != j && a == b {
				mask[i*n+j] = FalseNegative
			}
		}
	}
}
