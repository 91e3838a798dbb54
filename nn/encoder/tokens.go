package encoder

import (
	"math"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// vitEps is added to the variance in the layer norms of vision transformers.
const vitEps = 1e-6

// tokenStart is how published vision transformers start linear weights, class
// tokens and position tables: normal with deviation 0.02, cut so far out that
// the cut never happens.
var tokenStart = nn.Normal(0.02)

// linear is a linear layer of a vision transformer.
func linear(s nn.Scope, x *gorgonia.Node, out int) *gorgonia.Node {
	return nn.LinearFrom(s, x, out, tokenStart, nn.Zeros)
}

// table is a learned class token or position table. Recipes leave these out of
// weight decay, as they do biases.
func table(s nn.Scope, name string, shape ...int) *gorgonia.Node {
	return s.Param(name, shape, tokenStart, nn.Bias)
}

// patchEmbedding cuts x (N,C,spatial…) into blocks of the size of patch, one
// entry a spatial axis, and maps each by the same matrix: (N,P,width), the last
// axis fastest. Places that fill no block are left out. The weights, "weight"
// (width,C,patch…) and "bias", are those of a convolution whose stride is its
// kernel, and start as PyTorch's do; grid is the number of blocks by axis.
func patchEmbedding(s nn.Scope, x *gorgonia.Node, patch []int, width int) (tokens *gorgonia.Node, grid []int) {
	blocks, grid := cutPatches(x, patch)
	in := blocks.Shape()[2]
	shape := append([]int{width, x.Shape()[1]}, patch...)
	w := op.Reshape(s.Param("weight", shape, nn.TorchLinear, nn.Weight), width, in)
	b := s.Param("bias", []int{width}, nn.Uniform(1/math.Sqrt(float64(in))), nn.Bias)
	return op.Linear(blocks, w, b), grid
}

// cutPatches lays the blocks of x side by side: (N,P,C·block).
func cutPatches(x *gorgonia.Node, patch []int) (blocks *gorgonia.Node, grid []int) {
	shape := slices.Clone([]int(x.Shape()))
	split := shape[:2:2]
	first, inner := []int{0}, []int{1}
	size := shape[1]
	for i, p := range patch {
		n := shape[2+i] / p
		if n*p != shape[2+i] {
			x = op.Slice(x, 2+i, 0, n*p)
		}
		first, inner = append(first, 2+2*i), append(inner, 3+2*i)
		split, grid, size = append(split, n, p), append(grid, n), size*p
	}
	blocks = op.Permute(op.Reshape(x, split...), append(first, inner...)...)
	return op.Reshape(blocks, shape[0], product(grid), size), grid
}

func product(sizes []int) int {
	n := 1
	for _, s := range sizes {
		n *= s
	}
	return n
}

// withClass puts the same class token (1,1,D) before the tokens (N,L,D) of
// each sample.
func withClass(class, x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	return op.Concat(1, op.Broadcast(class, s[0], 1, s[2]), x)
}

// first is the first token of x (N,L,D): (N,D).
func first(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	return op.Reshape(op.Slice(x, 1, 0, 1), s[0], s[2])
}

// rest are the tokens of x (N,L,D) but the first: (N,L-1,D).
func rest(x *gorgonia.Node) *gorgonia.Node { return op.Slice(x, 1, 1, x.Shape()[1]) }

// selfAttention looks from every token of x (N,L,D) into all others: linear
// layers "qkv" and "proj".
func selfAttention(s nn.Scope, x *gorgonia.Node, heads int) *gorgonia.Node {
	d := x.Shape()[2]
	y := op.SelfAttention(linear(s.Sub("qkv"), x, 3*d), op.AttentionOptions{Heads: heads})
	return linear(s.Sub("proj"), y, d)
}

// mlp is the perceptron of a block, four times as wide inside: linear layers
// "fc1" and "fc2".
func mlp(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	d := x.Shape()[2]
	return activated(linear(s.Sub("fc1"), x, 4*d), op.GELU, func(y *gorgonia.Node) *gorgonia.Node {
		return linear(s.Sub("fc2"), y, d)
	})
}

// activated is layer(f(x)), f being a norm or a function of each element. The
// wide f(x) is computed again for the backward pass in any case: in a ViT-S that
// saves a fifth of a step's memory, in an R(2+1)D-18 a quarter, for a hundredth
// or two of its time.
func activated(x *gorgonia.Node, f, layer func(x *gorgonia.Node) *gorgonia.Node) *gorgonia.Node {
	return nn.Recompute(x, func(x *gorgonia.Node) *gorgonia.Node { return layer(f(x)) })
}

// preNormBlock adds attention and perceptron, each of normalised tokens, to x
// (N,L,D); drop is the probability with which training leaves either out.
func preNormBlock(s nn.Scope, x *gorgonia.Node, heads int, drop float64) *gorgonia.Node {
	y := selfAttention(s.Sub("attn"), nn.LayerNorm(s.Sub("norm1"), x, vitEps), heads)
	x = op.Add(x, nn.DropPath(s, y, drop))
	y = mlp(s.Sub("mlp"), nn.LayerNorm(s.Sub("norm2"), x, vitEps))
	return op.Add(x, nn.DropPath(s, y, drop))
}

// resizePlaces interpolates a table (1,P,D) of the places of one grid of 1 to 3
// axes linearly to those of another.
func resizePlaces(t *gorgonia.Node, from, to []int) *gorgonia.Node {
	if slices.Equal(from, to) {
		return t
	}
	d := t.Shape()[2]
	rows := op.Permute(op.Reshape(t, product(from), d), 1, 0)
	rows = op.InterpolateLinear(op.Reshape(rows, append([]int{1, d}, from...)...), to...)
	return op.Reshape(op.Permute(op.Reshape(rows, d, product(to)), 1, 0), 1, product(to), d)
}
