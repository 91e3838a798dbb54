package methods

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/text"
)

// TextTower embeds captions by the mean of their words' embeddings and two
// layers: ids, int32 (N,L), and mask (N,L), 1 on tokens, to (N, c.Out), not
// normalised. It knows no order of words: enough for short captions, and
// nothing to pretrain. vocab is the size of the vocabulary.
//
// Weights: "embedding.weight" (vocab, c.Dim), which starts normal with
// deviation 1, and those of the layers, "0" and "2" as in the heads.
func TextTower(s nn.Scope, ids, mask *gorgonia.Node, c text.Config, vocab int) *gorgonia.Node {
	words := nn.Embedding(s.Sub("embedding"), ids, vocab, c.Dim, 1)
	hidden := nn.ReLU(nn.Linear(s.Sub("0"), op.MaskedMean(words, mask), c.Hidden, true))
	return nn.Linear(s.Sub("2"), hidden, c.Out, true)
}
