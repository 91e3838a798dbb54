package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// SoftCrossEntropy is the mean over rows of -Σ targets·log softmax(logits), a
// scalar: logits and targets (N,M), whose rows are distributions, such as mixed
// labels or a teacher's. Gradients reach the targets too; stop them where they
// must not.
func SoftCrossEntropy(logits, targets *gorgonia.Node) *gorgonia.Node {
	rows := float64(logits.Shape()[0])
	return op.Scale(op.Dot(targets, op.LogSoftmax(logits, 1)), -1/rows)
}
