package golden

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/loss"
)

var (
	timeSformerOperations = transformerOperations(timeSformer)
	mvitOperations        = transformerOperations(mvit)
)

// transformer draws a class token's features from a clip.
type transformer func(s nn.Scope, x *gorgonia.Node, c *Case) (*gorgonia.Node, error)

func transformerOperations(build transformer) []operation {
	return []operation{{
		name: "transformer", single: true,
		fits: func(c *Case) bool { return c.Params.Has("weight_rule", "labels", "parameter_names") },
		run:  func(c *Case, dtype device.DType) (Values, error) { return classify(c, dtype, build) },
	}}
}

// classify runs a transformer with the case's classifier on top and gives
// features, logits, loss and the norms of all gradients.
func classify(c *Case, dtype device.DType, build transformer) (Values, error) {
	var p encoderSettings
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	n := newNet(dtype)
	in, err := n.inputs(c, "input")
	if err != nil {
		return nil, err
	}
	features, err := build(n.scope, in[0], c)
	if err != nil {
		return nil, err
	}
	head := strings.TrimSuffix(p.Parameters[len(p.Parameters)-1], ".bias")
	logits := nn.Linear(n.scope.Sub(head), features, c.Expected["logits"].Shape[1], true)
	mean := loss.CrossEntropy(logits, loss.Targets(n.graph, p.Labels))
	return n.gradientNorms(p.Parameters, mean, map[string]*gorgonia.Node{"features": features, "logits": logits, "loss": mean})
}

// gradientNorms runs the net on weights of the rule and gives its outputs and,
// as "grad_l2_per_parameter", the norm of each parameter's gradient.
func (n *net) gradientNorms(parameters []string, mean *gorgonia.Node, outputs map[string]*gorgonia.Node) (Values, error) {
	if err := n.store.Err(); err != nil {
		return nil, err
	}
	if got, want := len(n.scope.Params()), len(parameters); got != want {
		return nil, fmt.Errorf("golden: the encoder has %d parameters, want %d", got, want)
	}
	if err := n.gradients(mean, outputs, n.scope.Params()...); err != nil {
		return nil, err
	}
	n.fill()
	values, err := n.once(true, outputs)
	if err != nil {
		return nil, err
	}
	var norms []float64
	for _, name := range parameters {
		g, ok := values["grad_"+name]
		if !ok {
			return nil, fmt.Errorf("golden: the encoder has no parameter %s", name)
		}
		norms = append(norms, norm(g.Data))
	}
	values["grad_l2_per_parameter"] = Numbers(norms, len(norms))
	return values, nil
}

// timeSformer reads the sizes by the names of the official code.
func timeSformer(s nn.Scope, x *gorgonia.Node, c *Case) (*gorgonia.Node, error) {
	var p struct {
		Image     int    `json:"img_size"`
		Patch     int    `json:"patch"`
		Width     int    `json:"dim"`
		Layers    int    `json:"depth"`
		Heads     int    `json:"heads"`
		Frames    int    `json:"frames"`
		Attention string `json:"attention"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	ways := map[string]string{"divided_space_time": encoder.DividedAttention,
		"joint_space_time": encoder.JointAttention, "space_only": encoder.SpaceAttention}
	way, ok := ways[p.Attention]
	if !ok {
		return nil, fmt.Errorf("golden: attention %q is unknown", p.Attention)
	}
	return encoder.TimeSformer(s, x, encoder.TimeSformerConfig{
		ViTConfig: encoder.ViTConfig{Width: p.Width, Layers: p.Layers, Heads: p.Heads, Patch: p.Patch, Image: p.Image},
		Frames:    p.Frames, Attention: way,
	}), nil
}

// mvit reads the blocks by the names of torchvision.
func mvit(s nn.Scope, x *gorgonia.Node, c *Case) (*gorgonia.Node, error) {
	var p struct {
		Blocks []struct {
			Heads    int   `json:"num_heads"`
			In       int   `json:"input_channels"`
			Out      int   `json:"output_channels"`
			KernelQ  []int `json:"kernel_q"`
			KernelKV []int `json:"kernel_kv"`
			StrideQ  []int `json:"stride_q"`
			StrideKV []int `json:"stride_kv"`
		} `json:"blocks"`
		Image   int `json:"spatial"`
		Frames  int `json:"temporal"`
		Options struct {
			ResidualPool  bool `json:"residual_pool"`
			ResidualClass bool `json:"residual_with_cls_embed"`
			Relative      bool `json:"rel_pos_embed"`
			ProjectEarly  bool `json:"proj_after_attn"`
		} `json:"options"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	config := encoder.MViTConfig{Image: p.Image, Frames: p.Frames, ResidualPool: p.Options.ResidualPool,
		ResidualClass: p.Options.ResidualClass, Relative: p.Options.Relative, ProjectEarly: p.Options.ProjectEarly}
	for _, b := range p.Blocks {
		config.Blocks = append(config.Blocks, encoder.MViTBlock{Heads: b.Heads, In: b.In, Out: b.Out,
			KernelQ: b.KernelQ, StrideQ: b.StrideQ, KernelKV: b.KernelKV, StrideKV: b.StrideKV})
	}
	return encoder.MViT(s, x, config), nil
}
