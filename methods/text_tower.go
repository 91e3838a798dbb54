package methods

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/text"
)

// TextTower embeds captions: the mean of the embeddings of their words, then
// Linear-ReLU-Linear. ids int32 (N,L), mask (N,L) to (N, Out), not normalised.
func TextTower(s nn.Scope, ids, mask *gorgonia.Node, c text.Config, vocabulary int) *gorgonia.Node {
	words := nn.Embedding(s.Sub("embedding"), ids, vocabulary, c.Dim, 1)
	f := op.MaskedMean(words, mask)
	f = nn.ReLU(nn.Linear(s.Sub("0"), f, c.Hidden, true))
	return nn.Linear(s.Sub("2"), f, c.Out, true)
}
