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
