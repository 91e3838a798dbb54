package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// The vision transformers of Dosovitskiy et al. (arXiv:2010.11929) in the
// sizes of DeiT (Touvron et al., arXiv:2012.12877).
var (
	vitTinyEntry  = vitEntry("vit-tiny", "5.5 M", ViTConfig{Width: 192, Layers: 12, Heads: 3, Patch: 16})
	vitSmallEntry = vitEntry("vit-small", "21.7 M", ViTConfig{Width: 384, Layers: 12, Heads: 6, Patch: 16})
	vitBaseEntry  = vitEntry("vit-base", "85.8 M", ViTConfig{Width: 768, Layers: 12, Heads: 12, Patch: 16})
)

func vitEntry(name, size string, own ViTConfig) Entry {
	return Entry{
		Name: name, Images: true,
		Doc:        "vision transformer on patches of 16x16 with timm's names, " + size + " parameters, class token as features (arXiv:2010.11929)",
		Classifier: "head",
		Features:   func(c Config) int { return own.with(c).Width },
		Build: func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
			return byFrame(x, func(x *gorgonia.Node) *gorgonia.Node { return first(ViT(s, x, own.with(c))) })
		},
	}
}

// ViTConfig is the size of a ViT.
type ViTConfig struct {
	Width  int // D
	Layers int
	Heads  int // divides Width
	Patch  int // side of the patches in px
	Image  int // side in px that the position table is made for; 0: the input's
	// DropPath is the probability with which training leaves out what the last
	// block adds to a sample; in [0,1), smaller in those before it.
	DropPath float64
	// Recompute drops the activations inside blocks, see nn.Recompute.
	Recompute bool
}

// with replaces what c sets.
func (v ViTConfig) with(c Config) ViTConfig {
	width := c.width(v.Width)
	return ViTConfig{Width: width, Layers: orOwn(c.Layers, v.Layers), Heads: c.heads(width, v.Heads),
		Patch: orOwn(c.Patch, v.Patch), Image: c.TableSize, DropPath: c.DropPath, Recompute: c.Recompute}
}

// blocks applies the layers, each drawn by block in a scope of its own; drop is
// the probability for its nn.DropPath.
func (v ViTConfig) blocks(s nn.Scope, x *gorgonia.Node, block func(s nn.Scope, x *gorgonia.Node, drop float64) *gorgonia.Node) *gorgonia.Node {
	for i := range v.Layers {
		x = Config{Recompute: v.Recompute}.block(x, func(x *gorgonia.Node) *gorgonia.Node {
			return block(s.Sub(strconv.Itoa(i)), x, dropPathAt(v.DropPath, i, v.Layers))
		})
	}
	return x
}

// preNorm are blocks with names of timm.
func (v ViTConfig) preNorm(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	return v.blocks(s, x, func(s nn.Scope, x *gorgonia.Node, drop float64) *gorgonia.Node {
		return preNormBlock(s, x, v.Heads, drop)
	})
}

// ViT maps images x (N,C,H,W) to normalised tokens (N,1+P,Width), the class
// token first. Names are timm's: "cls_token", "pos_embed", "patch_embed.proj",
// "blocks.I.norm1", "blocks.I.attn.qkv" and so on, "norm". A position table
// made for another size is interpolated.
func ViT(s nn.Scope, x *gorgonia.Node, c ViTConfig) *gorgonia.Node {
	tokens, grid := patchEmbedding(s.Sub("patch_embed.proj"), x, []int{c.Patch, c.Patch}, c.Width)
	tokens = withClass(table(s, "cls_token", 1, 1, c.Width), tokens)
	tokens = op.Add(tokens, imagePositions(s, grid, c.Image/c.Patch, c.Width))
	tokens = c.preNorm(s.Sub("blocks"), tokens)
	return nn.LayerNorm(s.Sub("norm"), tokens, vitEps)
}

// imagePositions is the table "pos_embed" (1,1+P,D) of a class token and the
// places of a grid. It is made for the grid, or for side·side places and then
// interpolated, where side is not 0.
func imagePositions(s nn.Scope, grid []int, side, width int) *gorgonia.Node {
	made := []int{side, side}
	if side == 0 {
		made = grid
	}
	t := table(s, "pos_embed", 1, 1+product(made), width)
	if made[0] == grid[0] && made[1] == grid[1] {
		return t
	}
	return op.Concat(1, op.Slice(t, 1, 0, 1), resizePlaces(rest(t), made, grid))
}
