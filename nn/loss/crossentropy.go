package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// CrossEntropy is the mean over rows of -log softmax(logits)[target], a scalar:
// logits (N,M), target int32 (N) in [0,M). Rows with a negative target are left
// out of the mean. It starts near ln M.
func CrossEntropy(logits, target *gorgonia.Node) *gorgonia.Node {
	return op.CrossEntropy(logits, target)
}

// SmoothedCrossEntropy is CrossEntropy with targets of 1-smoothing, the rest of
// which all M classes divide evenly (Szegedy et al., arXiv:1512.00567, section
// 7); smoothing in [0,1).
func SmoothedCrossEntropy(logits, target *gorgonia.Node, smoothing float64) *gorgonia.Node {
	return op.SmoothedCrossEntropy(logits, target, smoothing)
}
