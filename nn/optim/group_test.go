package optim

import (
	"slices"
	"testing"
)

func TestGroups(t *testing.T) {
	tensors := []Tensor{
		{"encoder.conv1.weight", Weight, 5},
		{"encoder.bn1.weight", Offset, 1},
		{"encoder.layer1.0.conv1.weight", Weight, 5},
		{"encoder.layer1.0.gamma", Weight, 1},
		{"projector.0.weight", Weight, 2},
		{"logit_scale", Scalar, 0},
	}
	c := Default()
	c.NormAndBiasLR, c.LayerDecay = .5, .1
	want := []Group{
		{true, true, .1 * .1}, {false, false, .1 * .1 * .5}, {true, true, .1}, {false, false, .1 * .5}, {true, true, 1}, {false, false, 1},
	}
	same := func(a, b Group) bool { return a.Decay == b.Decay && a.Adapt == b.Adapt && near(a.LRScale, b.LRScale) }
	if got := Groups(c, tensors); !slices.EqualFunc(got, want, same) {
		t.Errorf("%+v, want %+v", got, want)
	}
	c.ExcludeNormAndBias = false
	for i, g := range Groups(c, tensors) {
		if g.Decay != (tensors[i].Role != Scalar) || g.Adapt != g.Decay {
			t.Errorf("%s: %+v, though nothing but scalars is excluded", tensors[i].Name, g)
		}
	}
}

func TestLayerScales(t *testing.T) {
	for network, names := range map[string][]struct {
		name  string
		below int // layers between it and the top
	}{
		"resnet": {
			{"encoder.conv1.weight", 4}, {"encoder.bn1.weight", 4}, {"encoder.layer1.0.conv1.weight", 3}, {"encoder.layer1.0.bn1.bias", 3},
			{"encoder.layer1.1.conv1.weight", 2}, {"encoder.layer2.0.downsample.0.weight", 1}, {"head.action-recognition.weight", 0},
		},
		"vit": {
			{"encoder.class_token", 3}, {"encoder.conv_proj.weight", 3}, {"encoder.encoder.pos_embedding", 3},
			{"encoder.encoder.layers.encoder_layer_0.ln_1.weight", 2}, {"encoder.encoder.layers.encoder_layer_1.mlp.0.weight", 1},
			{"encoder.encoder.ln.weight", 0}, {"encoder.heads.head.weight", 0},
		},
		"bert beside a projector": {
			{"text.embeddings.word_embeddings.weight", 3}, {"text.encoder.layer.0.output.dense.bias", 2},
			{"text.encoder.layer.1.output.dense.bias", 1}, {"text.pooler.dense.weight", 0}, {"projector.0.weight", 0}, {"projector.3.weight", 0},
		},
		"timm":      {{"encoder.patch_embed.proj.weight", 2}, {"encoder.blocks.0.attn.qkv.weight", 1}, {"encoder.norm.weight", 0}},
		"x3d":       {{"encoder.blocks.0.conv.weight", 3}, {"encoder.blocks.1.res_blocks.0.branch1_conv.weight", 2}, {"encoder.blocks.1.res_blocks.1.branch2.conv_a.weight", 1}},
		"clip":      {{"text.token_embedding.weight", 2}, {"text.transformer.resblocks.0.attn.in_proj_weight", 1}, {"text.ln_final.weight", 0}},
		"no blocks": {{"encoder.conv1.weight", 0}, {"encoder.conv2.weight", 0}},
	} {
		t.Run(network, func(t *testing.T) {
			list := make([]string, len(names))
			for i, n := range names {
				list[i] = n.name
			}
			for i, got := range LayerScales(list, .5) {
				want := 1.
				for range names[i].below {
					want *= .5
				}
				if got != want {
					t.Errorf("%s: %v, want %v", list[i], got, want)
				}
			}
		})
	}
}
