package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// BERTPooler maps the first of BERT's tokens (N,L,D) to (N,D) by the layer
// "pooler.dense" and tanh; s is BERT's scope.
func BERTPooler(s nn.Scope, tokens *gorgonia.Node) *gorgonia.Node {
	x := first(tokens)
	return op.Tanh(bertLinear(s.Sub("pooler.dense"), x, x.Shape()[1]))
}

// BERTMaskedWords gives the logits of all words (…,Vocabulary) for tokens
// (…,D): "transform.dense", GELU and "transform.LayerNorm", then products with
// the words' own embeddings (Vocabulary,D) and "bias". Its published scope is
// "cls.predictions".
func BERTMaskedWords(s nn.Scope, tokens, words *gorgonia.Node, eps float64) *gorgonia.Node {
	t := s.Sub("transform")
	x := op.GELU(bertLinear(t.Sub("dense"), tokens, words.Shape()[1]))
	bias := s.Param("bias", []int{words.Shape()[0]}, nn.Zeros, nn.Bias)
	return op.Linear(nn.LayerNorm(t.Sub("LayerNorm"), x, eps), words, bias)
}

// BERTNextSentence gives two logits, of "the second sentence follows" and "it
// does not", for what BERTPooler gives (N,D). Its published scope is "cls".
func BERTNextSentence(s nn.Scope, pooled *gorgonia.Node) *gorgonia.Node {
	return bertLinear(s.Sub("seq_relationship"), pooled, 2)
}
