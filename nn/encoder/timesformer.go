package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// timeSformerEntry is TimeSformer-B of Bertasius et al. (arXiv:2102.05095).
var timeSformerEntry = Entry{
	Name:       "timesformer",
	Doc:        "TimeSformer-B with divided, joint or spatial attention, 121 M parameters, 768 features (arXiv:2102.05095)",
	Classifier: "head",
	Features:   func(c Config) int { return c.width(768) },
	Build: func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
		own := ViTConfig{Width: 768, Layers: 12, Heads: 12, Patch: 16}
		return TimeSformer(s, x, TimeSformerConfig{ViTConfig: own.with(c), Frames: c.TableTime, Attention: c.Attention})
	},
}

// The ways of attention in a TimeSformer.
const (
	DividedAttention = "divided" // over time at one place, then over the places of one frame
	JointAttention   = "joint"   // over all places of all frames
	SpaceAttention   = "space"   // over the places of one frame; frames are averaged
)

// TimeSformerConfig is the size of a TimeSformer.
type TimeSformerConfig struct {
	ViTConfig
	Frames    int    // that the table of times is made for; 0: the input's
	Attention string // one of the ways above; "" is divided
}

// TimeSformer maps clips x (N,C,T,H,W) to the normalised class token (N,Width).
// Names are the authors': those of ViT, "time_embed" (1,T,Width), and in
// divided attention also "blocks.I.temporal_norm1", "blocks.I.temporal_attn"
// and "blocks.I.temporal_fc", which starts at 0 but in the first block. Tables
// made for other sizes are interpolated.
func TimeSformer(s nn.Scope, x *gorgonia.Node, c TimeSformerConfig) *gorgonia.Node {
	n, frames := x.Shape()[0], x.Shape()[2]
	places, grid := patchEmbedding(s.Sub("patch_embed.proj"), framesOf(x), []int{c.Patch, c.Patch}, c.Width)
	class := table(s, "cls_token", 1, 1, c.Width)
	positions := imagePositions(s, grid, c.Image/c.Patch, c.Width)
	if c.Attention == SpaceAttention {
		tokens := c.preNorm(s.Sub("blocks"), op.Add(withClass(class, places), positions))
		tokens = op.Mean(op.Reshape(tokens, n, frames, tokens.Shape()[1], c.Width), 1)
		return first(nn.LayerNorm(s.Sub("norm"), tokens, vitEps))
	}
	class = op.Broadcast(op.Add(class, op.Slice(positions, 1, 0, 1)), n, 1, c.Width)
	places = byPlace(op.Add(places, rest(positions)), n, frames)
	places = op.Add(places, op.Reshape(timePositions(s, frames, c), 1, 1, frames, c.Width))
	tokens := op.Concat(1, class, op.Reshape(places, n, product(grid)*frames, c.Width))
	if c.Attention == JointAttention {
		tokens = c.preNorm(s.Sub("blocks"), tokens)
	} else {
		tokens = c.divided(s.Sub("blocks"), tokens, frames)
	}
	return first(nn.LayerNorm(s.Sub("norm"), tokens, vitEps))
}

// timePositions is the table "time_embed" (1,T,D).
func timePositions(s nn.Scope, frames int, c TimeSformerConfig) *gorgonia.Node {
	made := orOwn(c.Frames, frames)
	t := table(s, "time_embed", 1, made, c.Width)
	return resizePlaces(t, []int{made}, []int{frames})
}

// byPlace turns frames (N·T,P,D) into courses of time (N,P,T,D), and byFrames
// does the reverse.
func byPlace(x *gorgonia.Node, n, frames int) *gorgonia.Node {
	s := x.Shape()
	return op.Permute(op.Reshape(x, n, frames, s[1], s[2]), 0, 2, 1, 3)
}

func byFrames(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	return op.Reshape(op.Permute(x, 0, 2, 1, 3), s[0]*s[2], s[1], s[3])
}

// divided are blocks of attention over time, then over space.
func (c TimeSformerConfig) divided(s nn.Scope, x *gorgonia.Node, frames int) *gorgonia.Node {
	start := tokenStart
	return c.blocks(s, x, func(s nn.Scope, x *gorgonia.Node, drop float64) *gorgonia.Node {
		x = dividedBlock(s, x, divided{heads: c.Heads, frames: frames, start: start, drop: drop})
		start = nn.Zeros
		return x
	})
}

// divided are the settings of a block of divided attention.
type divided struct {
	heads, frames int
	start         nn.Init // of "temporal_fc"
	drop          float64 // probability for nn.DropPath
}

// dividedBlock takes tokens (N,1+P·T,D), time fastest. The class token takes
// part in the attention over space alone, as one copy a frame, whose mean is
// added to it. As in the authors' code, training leaves out attention over time
// place by place and that over space frame by frame.
func dividedBlock(s nn.Scope, x *gorgonia.Node, c divided) *gorgonia.Node {
	d, frames := x.Shape(), c.frames
	n, places, width := d[0], (d[1]-1)/frames, d[2]
	class, tokens := op.Slice(x, 1, 0, 1), rest(x)

	xt := op.Reshape(tokens, n*places, frames, width)
	xt = selfAttention(s.Sub("temporal_attn"), nn.LayerNorm(s.Sub("temporal_norm1"), xt, vitEps), c.heads)
	xt = nn.LinearFrom(s.Sub("temporal_fc"), nn.DropPath(s, xt, c.drop), width, c.start, nn.Zeros)
	tokens = op.Add(tokens, op.Reshape(xt, n, places*frames, width))

	xs := byFrames(op.Reshape(tokens, n, places, frames, width))
	classes := op.Reshape(op.Broadcast(class, n, frames, width), n*frames, 1, width)
	xs = op.Concat(1, classes, xs)
	xs = selfAttention(s.Sub("attn"), nn.LayerNorm(s.Sub("norm1"), xs, vitEps), c.heads)
	xs = nn.DropPath(s, xs, c.drop)
	classes = op.Mean(op.Reshape(op.Slice(xs, 1, 0, 1), n, frames, 1, width), 1)
	xs = op.Reshape(byPlace(rest(xs), n, frames), n, places*frames, width)

	x = op.Concat(1, op.Add(class, classes), op.Add(tokens, xs))
	return op.Add(x, nn.DropPath(s, mlp(s.Sub("mlp"), nn.LayerNorm(s.Sub("norm2"), x, vitEps)), c.drop))
}
