package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// vivitEntry is the unfactorised model (model 1) of Arnab et al.
// (arXiv:2103.15691) at the size of ViT-B.
var vivitEntry = Entry{
	Name:       "vivit-b",
	Doc:        "ViViT-B, model 1, on tubelets of 2x16x16 with Hugging Face's names, 88 M parameters, 768 features (arXiv:2103.15691)",
	Features:   func(c Config) int { return c.width(768) },
	Classifier: "classifier",
	Build: func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
		own := ViTConfig{Width: 768, Layers: 12, Heads: 12, Patch: 16}
		return first(ViViT(s, x, ViViTConfig{ViTConfig: own.with(c), Tubelet: orOwn(c.Tubelet, 2), Frames: c.TableTime}))
	},
}

// ViViTConfig is the size of a ViViT.
type ViViTConfig struct {
	ViTConfig
	Tubelet int // frames of a patch
	Frames  int // that the position table is made for; 0: the input's
}

// ViViT maps clips x (N,C,T,H,W) to normalised tokens (N,1+P,Width), the class
// token first: patches of space and time, attention over all of them. Names
// are those of Hugging Face's VivitModel: "embeddings.cls_token",
// "embeddings.patch_embeddings.projection", "encoder.layer.I.…", "layernorm".
// Tables made for other sizes are interpolated.
func ViViT(s nn.Scope, x *gorgonia.Node, c ViViTConfig) *gorgonia.Node {
	e := s.Sub("embeddings")
	tokens, grid := patchEmbedding(e.Sub("patch_embeddings.projection"), x, []int{c.Tubelet, c.Patch, c.Patch}, c.Width)
	tokens = withClass(table(e, "cls_token", 1, 1, c.Width), tokens)
	tokens = op.Add(tokens, c.positions(e, grid))
	tokens = c.blocks(s.Sub("encoder.layer"), tokens, func(s nn.Scope, x *gorgonia.Node, drop float64) *gorgonia.Node {
		return vivitBlock(s, x, c.Heads, drop)
	})
	return nn.LayerNorm(s.Sub("layernorm"), tokens, vitEps)
}

// positions is the table "position_embeddings" (1,1+P,D).
func (c ViViTConfig) positions(s nn.Scope, grid []int) *gorgonia.Node {
	made := []int{c.Frames / c.Tubelet, c.Image / c.Patch, c.Image / c.Patch}
	for i, n := range grid {
		made[i] = orOwn(made[i], n)
	}
	t := table(s, "position_embeddings", 1, 1+product(made), c.Width)
	return op.Concat(1, op.Slice(t, 1, 0, 1), resizePlaces(rest(t), made, grid))
}

func vivitBlock(s nn.Scope, x *gorgonia.Node, heads int, drop float64) *gorgonia.Node {
	d := x.Shape()[2]
	y, a := nn.LayerNorm(s.Sub("layernorm_before"), x, vitEps), s.Sub("attention.attention")
	y = op.Attention(linear(a.Sub("query"), y, d), linear(a.Sub("key"), y, d), linear(a.Sub("value"), y, d), op.AttentionOptions{Heads: heads})
	x = op.Add(x, nn.DropPath(s, linear(s.Sub("attention.output.dense"), y, d), drop))
	y = nn.LayerNorm(s.Sub("layernorm_after"), x, vitEps)
	y = activated(linear(s.Sub("intermediate.dense"), y, 4*d), op.GELUTanh, func(y *gorgonia.Node) *gorgonia.Node {
		return linear(s.Sub("output.dense"), y, d)
	})
	return op.Add(x, nn.DropPath(s, y, drop))
}
