package golden

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

var simCLRv2Operations = []operation{{name: "sk_mixing", run: mixStreams, single: true}}

// mixStreams mixes two streams as selective kernels do. The case's matrices
// are (in,out), ours (out,in).
func mixStreams(c *Case, dtype device.DType) (Values, error) {
	width, err := Get[int](c.Params, "mid_dim")
	if err != nil {
		return nil, err
	}
	n := newNet(dtype)
	in, err := n.inputs(c, "streams", "grad_output")
	if err != nil {
		return nil, err
	}
	stream := func(i int) *gorgonia.Node {
		return op.Reshape(op.Slice(in[0], 0, i, i+1), in[1].Shape()...)
	}
	y, weights := nn.SelectStreams(n.scope, stream(0), stream(1), width)
	outputs := map[string]*gorgonia.Node{"output": y, "mixing": op.Permute(weights, 1, 0, 2)}
	if err := n.gradients(op.Sum(op.Mul(y, in[1])), outputs, append(n.scope.Params(), in[0])...); err != nil {
		return nil, err
	}
	for name, given := range map[string]string{"fc_reduce.weight": "w_reduce", "fc_select.weight": "w_mix", "bn.weight": "gamma", "bn.bias": "beta"} {
		t, err := c.input(given)
		if err != nil {
			return nil, err
		}
		if len(t.Shape) == 2 {
			t = transposed(t)
		}
		if err := n.set(name, t.Data); err != nil {
			return nil, err
		}
		outputs["grad_"+given] = outputs["grad_"+name]
	}
	values, err := n.once(true, outputs)
	if err != nil {
		return nil, err
	}
	for _, matrix := range []string{"grad_w_reduce", "grad_w_mix"} {
		values[matrix] = transposed(values[matrix])
	}
	return values, nil
}
