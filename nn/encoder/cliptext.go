package encoder

import (
	"math"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// The text encoders of CLIP (Radford et al., arXiv:2103.00020).
var (
	clipTextB32Entry = clipTextEntry("clip-text-b32", "text encoder of CLIP ViT-B/32, 38 M parameters without vocabulary, 512 features (arXiv:2103.00020)",
		CLIPTextConfig{Width: 512, Heads: 8, Features: 512})
	clipTextL14Entry = clipTextEntry("clip-text-l14", "text encoder of CLIP ViT-L/14, 86 M parameters without vocabulary, 768 features (arXiv:2103.00020)",
		CLIPTextConfig{Width: 768, Heads: 12, Features: 768})
)

// What both published sizes share.
const (
	clipVocabulary = 49408
	clipLength     = 77
	clipLayers     = 12
	clipEps        = 1e-5
)

func clipTextEntry(name, doc string, own CLIPTextConfig) TextEntry {
	own.Vocabulary, own.Length, own.Layers = clipVocabulary, clipLength, clipLayers
	return TextEntry{
		Name: name, Doc: doc,
		Features: func(c TextConfig) int { return own.with(c).Features },
		Length:   func(c TextConfig) int { return own.with(c).Length },
		Tokens: func(s nn.Scope, ids, _ *gorgonia.Node, c TextConfig) *gorgonia.Node {
			return CLIPTokens(s, ids, own.with(c))
		},
		Build: func(s nn.Scope, ids, mask *gorgonia.Node, c TextConfig) *gorgonia.Node {
			return CLIPText(s, ids, mask, own.with(c))
		},
	}
}

// CLIPTextConfig is the size of a CLIP text encoder.
type CLIPTextConfig struct {
	Vocabulary int
	Length     int // the largest L
	Width      int
	Layers     int
	Heads      int // divides Width
	Hidden     int // width inside the perceptrons; 0: four times Width
	Features   int // D
}

// with replaces what c sets.
func (t CLIPTextConfig) with(c TextConfig) CLIPTextConfig {
	t.Vocabulary, t.Length = orOwn(c.Vocabulary, t.Vocabulary), orOwn(c.Length, t.Length)
	t.Layers, t.Hidden = orOwn(c.Layers, t.Layers), orOwn(c.Hidden, t.Hidden)
	t.Width, t.Heads, t.Features = orOwn(c.Width, t.Width), orOwn(c.Heads, t.Heads), orOwn(c.Features, t.Features)
	return t
}

// CLIPText maps ids, int32 (N,L), to features (N,Features): those of the last
// token of the mask (N,L), the end of the text, times "text_projection"
// (Width,Features). Names are OpenAI's: "token_embedding",
// "positional_embedding", "transformer.resblocks.I.…", "ln_final".
func CLIPText(s nn.Scope, ids, mask *gorgonia.Node, c CLIPTextConfig) *gorgonia.Node {
	x := op.MaskedMean(CLIPTokens(s, ids, c), lastOf(mask))
	start := nn.Normal(1 / math.Sqrt(float64(c.Width)))
	return op.MatMul(x, s.Param("text_projection", []int{c.Width, c.Features}, start, nn.Weight), device.MatMulAttrs{})
}

// lastOf is 1 at the last 1 of each row of a mask (N,L) of ones and then zeros,
// and 0 elsewhere.
func lastOf(mask *gorgonia.Node) *gorgonia.Node {
	if mask.Shape()[1] == 1 {
		return mask
	}
	next := op.Pad(op.Slice(mask, 1, 1, mask.Shape()[1]), []int{0, 0}, []int{0, 1}, 0)
	return op.Sub(mask, next)
}

// CLIPTokens are the normalised features (N,L,Width) of all tokens, each of
// which sees those before it.
func CLIPTokens(s nn.Scope, ids *gorgonia.Node, c CLIPTextConfig) *gorgonia.Node {
	x := nn.Embedding(s.Sub("token_embedding"), ids, c.Vocabulary, c.Width, 0.02)
	places := s.Param("positional_embedding", []int{c.Length, c.Width}, nn.Normal(0.01), nn.Weight)
	x = op.Add(x, op.Slice(places, 0, 0, ids.Shape()[1]))
	for i := range c.Layers {
		x = c.block(s.Sub("transformer.resblocks").Sub(strconv.Itoa(i)), x)
	}
	return nn.LayerNorm(s.Sub("ln_final"), x, clipEps)
}

// block starts as OpenAI's code does: deviations fall with width, and those of
// what is added to the residual stream with its depth too.
func (c CLIPTextConfig) block(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	width := float64(c.Width)
	in, inner := nn.Normal(1/math.Sqrt(width)), nn.Normal(1/math.Sqrt(2*width))
	out := nn.Normal(1 / math.Sqrt(width*2*float64(max(c.Layers, 1))))
	a, m := s.Sub("attn"), s.Sub("mlp")

	y := nn.LayerNorm(s.Sub("ln_1"), x, clipEps)
	y = op.Linear(y, a.Param("in_proj_weight", []int{3 * c.Width, c.Width}, in, nn.Weight),
		a.Param("in_proj_bias", []int{3 * c.Width}, nn.Zeros, nn.Bias))
	y = op.SelfAttention(y, op.AttentionOptions{Heads: c.Heads, Causal: true})
	x = op.Add(x, nn.LinearFrom(a.Sub("out_proj"), y, c.Width, out, nn.Zeros))

	hidden := orOwn(c.Hidden, 4*c.Width)
	y = nn.LinearFrom(m.Sub("c_fc"), nn.LayerNorm(s.Sub("ln_2"), x, clipEps), hidden, inner, nn.Uniform(1/math.Sqrt(width)))
	return op.Add(x, activated(y, op.GELUQuick, func(y *gorgonia.Node) *gorgonia.Node {
		return nn.LinearFrom(m.Sub("c_proj"), y, c.Width, out, nn.Uniform(1/math.Sqrt(float64(hidden))))
	}))
}
