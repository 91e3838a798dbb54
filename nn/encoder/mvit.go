package encoder

import (
	"math"
	"slices"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// MViTBlock are the settings of one block; kernels and strides have an entry
// for time, height and width, or none where nothing is pooled.
type MViTBlock struct {
	Heads, In, Out                       int // heads; channels
	KernelQ, StrideQ, KernelKV, StrideKV []int
}

// MViTConfig is the size of a multiscale vision transformer and what its
// versions do differently.
type MViTConfig struct {
	Blocks        []MViTBlock
	ResidualPool  bool    // adds the pooled queries to what attention gives
	ResidualClass bool    // does so for the class token too
	Relative      bool    // positions relative to each other, instead of tables
	ProjectEarly  bool    // channels grow in the attention, not in the perceptron
	Image, Frames int     // that tables are made for; 0: the input's
	DropPath      float64 // probability of leaving out what the last block adds; in [0,1)
	Recompute     bool    // see nn.Recompute
}

// Geometry of the first convolution of an MViT.
var mvitKernel, mvitStride, mvitPad = []int{3, 7, 7}, []int{2, 4, 4}, []int{1, 3, 3}

// MViT maps clips x (N,C,T,H,W) to the normalised class token (N,D) (Fan et
// al., arXiv:2104.11227; Li et al., arXiv:2112.01526), with the names of
// torchvision: "conv_proj", "pos_encoding", "blocks.I", "norm".
func MViT(s nn.Scope, x *gorgonia.Node, c MViTConfig) *gorgonia.Node {
	tokens, grid := mvitStem(s.Sub("conv_proj"), x, c.Blocks[0].In)
	tokens = c.positions(s.Sub("pos_encoding"), tokens, grid)
	made := c.made(grid)
	for i, b := range c.Blocks {
		block := mvitBlock{MViTBlock: b, MViTConfig: c, grid: grid, made: made, drop: dropPathAt(c.DropPath, i, len(c.Blocks))}
		tokens = Config{Recompute: c.Recompute}.block(tokens, func(x *gorgonia.Node) *gorgonia.Node {
			x, grid = block.build(s.Sub("blocks").Sub(strconv.Itoa(i)), x)
			return x
		})
		for axis, stride := range b.StrideQ {
			made[axis] /= stride
		}
	}
	return first(nn.LayerNorm(s.Sub("norm"), tokens, vitEps))
}

// mvitStem convolves with overlap: (N,T·H·W,out).
func mvitStem(s nn.Scope, x *gorgonia.Node, out int) (tokens *gorgonia.Node, grid [3]int) {
	y := nn.Conv(s, x, nn.ConvConfig{Out: out, Kernel: mvitKernel, Stride: mvitStride, Pad: mvitPad, Init: nn.TorchLinear})
	bound := 1 / math.Sqrt(float64(x.Shape()[1]*product(mvitKernel)))
	return toTokens(op.AddBias(y, s.Param("bias", []int{out}, nn.Uniform(bound), nn.Bias)))
}

// toTokens turns a map (N,C,T,H,W) into tokens (N,T·H·W,C), and toMap back.
func toTokens(x *gorgonia.Node) (tokens *gorgonia.Node, grid [3]int) {
	d := x.Shape()
	copy(grid[:], d[2:])
	return op.Reshape(op.Permute(x, 0, 2, 3, 4, 1), d[0], product(grid[:]), d[1]), grid
}

func toMap(x *gorgonia.Node, grid [3]int) *gorgonia.Node {
	d := x.Shape()
	return op.Permute(op.Reshape(x, d[0], grid[0], grid[1], grid[2], d[2]), 0, 4, 1, 2, 3)
}

// made is the grid that tables are made for.
func (c MViTConfig) made(grid [3]int) [3]int {
	return [3]int{orOwn(c.Frames/mvitStride[0], grid[0]), orOwn(c.Image/mvitStride[1], grid[1]), orOwn(c.Image/mvitStride[2], grid[2])}
}

// positions puts the class token first and, unless they are relative, adds the
// tables of places, times and the class.
func (c MViTConfig) positions(s nn.Scope, x *gorgonia.Node, grid [3]int) *gorgonia.Node {
	d := x.Shape()[2]
	x = withClass(op.Reshape(table(s, "class_token", d), 1, 1, d), x)
	if c.Relative {
		return x
	}
	made := c.made(grid)
	places := resizePlaces(op.Reshape(table(s, "spatial_pos", made[1]*made[2], d), 1, made[1]*made[2], d), made[1:], grid[1:])
	times := resizePlaces(op.Reshape(table(s, "temporal_pos", made[0], d), 1, made[0], d), made[:1], grid[:1])
	both := op.Add(op.Reshape(times, grid[0], 1, d), op.Reshape(places, 1, grid[1]*grid[2], d))
	class := op.Reshape(table(s, "class_pos", d), 1, d)
	return op.Add(x, op.Concat(0, class, op.Reshape(both, product(grid[:]), d)))
}

// mvitBlock is one block on a grid of tokens.
type mvitBlock struct {
	MViTBlock
	MViTConfig
	grid, made [3]int  // of the tokens, and that tables are made for
	drop       float64 // probability for nn.DropPath
}

// build maps tokens (N,1+T·H·W,In) to (N,1+…,Out) on a grid that StrideQ
// makes coarser.
func (b mvitBlock) build(s nn.Scope, x *gorgonia.Node) (*gorgonia.Node, [3]int) {
	y := nn.LayerNorm(s.Sub("norm1"), x, vitEps)
	attended, grid := b.attend(s.Sub("attn"), y)
	if b.ProjectEarly && b.In != b.Out {
		x = linear(s.Sub("project"), y, b.Out)
	}
	x = op.Add(b.skip(x), nn.DropPath(s, attended, b.drop))
	y = nn.LayerNorm(s.Sub("norm2"), x, vitEps)
	if !b.ProjectEarly && b.In != b.Out {
		x = linear(s.Sub("project"), y, b.Out)
	}
	y = activated(linear(s.Sub("mlp.0"), y, 4*y.Shape()[2]), op.GELU, func(y *gorgonia.Node) *gorgonia.Node {
		return linear(s.Sub("mlp.3"), y, b.Out)
	})
	return op.Add(x, nn.DropPath(s, y, b.drop)), grid
}

// skip pools tokens by maxima as StrideQ pools queries.
func (b mvitBlock) skip(x *gorgonia.Node) *gorgonia.Node {
	if product(b.StrideQ) <= 1 {
		return x
	}
	kernel, pad := slices.Clone(b.StrideQ), make([]int, 3)
	for i, stride := range b.StrideQ {
		if stride > 1 {
			kernel[i], pad[i] = stride+1, (stride+1)/2
		}
	}
	pooled, _ := toTokens(nn.MaxPool(toMap(rest(x), b.grid), kernel, b.StrideQ, pad))
	return op.Concat(1, op.Slice(x, 1, 0, 1), pooled)
}

// attend is the pooling attention.
func (b mvitBlock) attend(s nn.Scope, x *gorgonia.Node) (*gorgonia.Node, [3]int) {
	width := b.In
	if b.ProjectEarly {
		width = b.Out
	}
	qkv := linear(s.Sub("qkv"), x, 3*width)
	parts := op.Split(qkv, 2, width, width, width)
	q, gridQ := b.pool(s.Sub("pool_q"), parts[0], b.KernelQ, b.StrideQ)
	k, gridK := b.pool(s.Sub("pool_k"), parts[1], b.KernelKV, b.StrideKV)
	v, _ := b.pool(s.Sub("pool_v"), parts[2], b.KernelKV, b.StrideKV)
	o := op.AttentionOptions{Heads: b.Heads}
	if b.Relative {
		o.Bias = b.relative(s, q, gridQ, gridK)
	}
	y := op.Attention(q, k, v, o)
	switch {
	case b.ResidualPool && b.ResidualClass:
		y = op.Add(y, q)
	case b.ResidualPool:
		y = op.Add(y, op.Pad(rest(q), []int{0, 1, 0}, []int{0, 0, 0}, 0))
	}
	return linear(s.Sub("project.0"), y, width), gridQ
}

// pool convolves each channel of all tokens but the class, with the same
// kernels "pool.weight" (D/heads,1,…) in every head, and normalises the
// features of each head, "norm_act.0". Without kernel and stride tokens stay.
func (b mvitBlock) pool(s nn.Scope, x *gorgonia.Node, kernel, stride []int) (*gorgonia.Node, [3]int) {
	if product(kernel) <= 1 && product(stride) <= 1 {
		return x, b.grid
	}
	d := x.Shape()
	size, pad := d[2]/b.Heads, make([]int, 3)
	for i, k := range kernel {
		pad[i] = k / 2
	}
	w := s.Sub("pool").Param("weight", append([]int{size, 1}, kernel...), nn.TorchLinear, nn.Weight)
	taps := product(kernel)
	w = op.Broadcast(op.Reshape(w, 1, size, taps), b.Heads, size, taps)
	w = op.Reshape(w, append([]int{d[2], 1}, kernel...)...)
	y := op.Conv(toMap(rest(x), b.grid), w, convAttrs(stride, pad, d[2]))
	tokens, grid := toTokens(y)
	tokens = op.Concat(1, op.Slice(x, 1, 0, 1), tokens)
	l := tokens.Shape()[1]
	tokens = nn.LayerNorm(s.Sub("norm_act.0"), op.Reshape(tokens, d[0], l, b.Heads, size), vitEps)
	return op.Reshape(tokens, d[0], l, d[2]), grid
}
