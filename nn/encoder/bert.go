package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// Sizes of BERT (Devlin et al., arXiv:1810.04805; the smallest of Turc et al.,
// arXiv:1908.08962) and MiniLM (Wang et al., arXiv:2002.10957).
var (
	bertBaseEntry = bertEntry("bert-base-uncased", "BERT, 109 M parameters, 768 features (arXiv:1810.04805)",
		BERTConfig{Width: 768, Layers: 12, Heads: 12, Hidden: 3072})
	bertTinyEntry = bertEntry("bert-tiny", "BERT of 2 layers, 4.4 M parameters, 128 features (arXiv:1908.08962)",
		BERTConfig{Width: 128, Layers: 2, Heads: 2, Hidden: 512})
	miniLML12Entry = bertEntry("minilm-l12", "MiniLM of 12 layers, 33 M parameters, 384 features (arXiv:2002.10957)",
		BERTConfig{Width: 384, Layers: 12, Heads: 12, Hidden: 1536})
	miniLML6Entry = bertEntry("minilm-l6", "MiniLM of 6 layers, 22.6 M parameters, 384 features (arXiv:2002.10957)",
		BERTConfig{Width: 384, Layers: 6, Heads: 12, Hidden: 1536})
)

// What all published sizes share.
const (
	bertVocabulary = 30522
	bertPositions  = 512
	bertTypes      = 2
	bertEps        = 1e-12
)

// bertStart is how BERT starts weights and tables.
var bertStart = nn.Normal(0.02)

func bertEntry(name, doc string, own BERTConfig) TextEntry {
	own.Vocabulary, own.Positions, own.Types, own.Eps = bertVocabulary, bertPositions, bertTypes, bertEps
	tokens := func(s nn.Scope, ids, mask *gorgonia.Node, c TextConfig) *gorgonia.Node {
		hidden := BERT(s, BERTInputs{IDs: ids, Mask: mask}, own.with(c))
		return hidden[len(hidden)-1]
	}
	return TextEntry{
		Name: name, Doc: doc, Tokens: tokens,
		Features: func(c TextConfig) int { return own.with(c).Width },
		Length:   func(c TextConfig) int { return own.with(c).Positions },
		Build: func(s nn.Scope, ids, mask *gorgonia.Node, c TextConfig) *gorgonia.Node {
			if c.Pool == ClassPool {
				return first(tokens(s, ids, mask, c))
			}
			return op.MaskedMean(tokens(s, ids, mask, c), mask)
		},
	}
}

// BERTConfig is the size of a BERT.
type BERTConfig struct {
	Vocabulary int
	Positions  int // the largest L
	Types      int // kinds of sentences
	Width      int
	Layers     int
	Heads      int     // divides Width
	Hidden     int     // width inside the perceptrons
	Eps        float64 // added to the variance in layer norms
}

// with replaces what c sets.
func (b BERTConfig) with(c TextConfig) BERTConfig {
	b.Vocabulary, b.Positions = orOwn(c.Vocabulary, b.Vocabulary), orOwn(c.Length, b.Positions)
	b.Layers, b.Hidden = orOwn(c.Layers, b.Layers), orOwn(c.Hidden, b.Hidden)
	b.Width, b.Heads = orOwn(c.Width, b.Width), orOwn(c.Heads, b.Heads)
	return b
}

// BERTInputs are tokens (N,L).
type BERTInputs struct {
	IDs   *gorgonia.Node // int32
	Types *gorgonia.Node // int32, which sentence a token is of; nil: the first
	Mask  *gorgonia.Node // 0 hides a token; nil: all are seen
}

// BERT returns the features (N,L,Width) of the embeddings and of each layer,
// the last one last. Names are those of Hugging Face's BertModel:
// "embeddings.…", "encoder.layer.I.…". Published training also drops features
// at random, which is left out here.
func BERT(s nn.Scope, in BERTInputs, c BERTConfig) []*gorgonia.Node {
	x := bertEmbeddings(s.Sub("embeddings"), in, c)
	hidden := []*gorgonia.Node{x}
	for i := range c.Layers {
		x = bertLayer(s.Sub("encoder.layer").Sub(strconv.Itoa(i)), x, in.Mask, c)
		hidden = append(hidden, x)
	}
	return hidden
}

func bertEmbeddings(s nn.Scope, in BERTInputs, c BERTConfig) *gorgonia.Node {
	length := in.IDs.Shape()[1]
	x := op.Gather(BERTWords(s, c), 0, in.IDs)
	places := s.Param("position_embeddings.weight", []int{c.Positions, c.Width}, bertStart, nn.Weight)
	types := s.Param("token_type_embeddings.weight", []int{c.Types, c.Width}, bertStart, nn.Weight)
	x = op.Add(x, op.Slice(places, 0, 0, length))
	if in.Types != nil {
		x = op.Add(x, op.Gather(types, 0, in.Types))
	} else {
		x = op.Add(x, op.Slice(types, 0, 0, 1))
	}
	return nn.LayerNorm(s.Sub("LayerNorm"), x, c.Eps)
}

// BERTWords is the table of words (Vocabulary,Width) in the scope of the
// embeddings. In a shared scope it is that of BERT, for a head that predicts
// words by it.
func BERTWords(s nn.Scope, c BERTConfig) *gorgonia.Node {
	return s.Param("word_embeddings.weight", []int{c.Vocabulary, c.Width}, bertStart, nn.Weight)
}

// bertLayer normalises after each addition.
func bertLayer(s nn.Scope, x, mask *gorgonia.Node, c BERTConfig) *gorgonia.Node {
	a := s.Sub("attention.self")
	y := op.Attention(bertLinear(a.Sub("query"), x, c.Width), bertLinear(a.Sub("key"), x, c.Width), bertLinear(a.Sub("value"), x, c.Width),
		op.AttentionOptions{Heads: c.Heads, Mask: mask})
	y = bertLinear(s.Sub("attention.output.dense"), y, c.Width)
	x = nn.LayerNorm(s.Sub("attention.output.LayerNorm"), op.Add(x, y), c.Eps)
	y = activated(bertLinear(s.Sub("intermediate.dense"), x, c.Hidden), op.GELU, func(y *gorgonia.Node) *gorgonia.Node {
		return bertLinear(s.Sub("output.dense"), y, c.Width)
	})
	return nn.LayerNorm(s.Sub("output.LayerNorm"), op.Add(x, y), c.Eps)
}

func bertLinear(s nn.Scope, x *gorgonia.Node, out int) *gorgonia.Node {
	return nn.LinearFrom(s, x, out, bertStart, nn.Zeros)
}
