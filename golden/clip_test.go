package golden

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
)

var clipOperations = []operation{{name: "clip_loss", run: clipLoss, single: true}}

func clipLoss(c *Case, dtype device.DType) (Values, error) {
	scale, given := c.Inputs["logit_scale_log"]
	if !given {
		value, err := Get[float64](c.Params, "logit_scale_log")
		if err != nil {
			return nil, err
		}
		scale = Scalar(value)
	}
	n := newNet(dtype)
	in, err := n.inputs(c, "image", "text")
	if err != nil {
		return nil, err
	}
	logScale := n.input("logit_scale_log", scale)
	nodes := loss.CLIP(in[0], in[1], logScale, nil)
	cosines := op.MatMul(nodes.Image, nodes.Text, device.MatMulAttrs{TransB: true})
	outputs := map[string]*gorgonia.Node{"loss": nodes.Loss, "logits_per_image": op.Mul(cosines, op.Exp(logScale))}
	if err := n.gradients(nodes.Loss, outputs, in[0], in[1], logScale); err != nil {
		return nil, err
	}
	return n.once(true, outputs)
}
