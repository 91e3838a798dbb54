package golden

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// mlpHeads checks projector and predictor, lists of layers by their names in
// PyTorch, in training: outputs, gradients and running statistics. Some of them
// are 0 but for rounding, so that float32 has nothing to compare.
func mlpHeads(c *Case, dtype device.DType) (Values, error) {
	var p struct {
		Modules  map[string][]string `json:"modules"`
		Eps      float64             `json:"bn_eps"`
		Momentum float64             `json:"bn_momentum_torch"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	n := newNet(dtype)
	in, err := n.inputs(c, "x", "grad_output")
	if err != nil {
		return nil, err
	}
	norm := device.BatchNormAttrs{Eps: p.Eps, Momentum: p.Momentum}
	outputs := map[string]*gorgonia.Node{}
	x := in[0]
	for _, head := range []string{"projector", "predictor"} {
		for i, module := range p.Modules[head] {
			if x, err = headLayer(c, n.scope, fmt.Sprintf("%s.%d", head, i), x, module, norm); err != nil {
				return nil, err
			}
		}
		outputs["out_"+head] = x
	}
	if err := n.gradients(op.Sum(op.Mul(x, in[1])), outputs, append(n.scope.Params(), in[0])...); err != nil {
		return nil, err
	}
	for _, name := range n.store.Names() {
		if t, given := c.Inputs[name]; given {
			if err := n.set(name, t.Data); err != nil {
				return nil, err
			}
		}
	}
	values, err := n.once(true, outputs)
	if err != nil {
		return nil, err
	}
	for _, name := range n.store.Names() {
		if values["after_"+name], err = n.get(name); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// headLayer adds one layer; arguments other than False for bias and affine are
// PyTorch's defaults.
func headLayer(c *Case, s nn.Scope, name string, x *gorgonia.Node, module string, norm device.BatchNormAttrs) (*gorgonia.Node, error) {
	kind, arguments, _ := strings.Cut(module, "(")
	s = s.Sub(name)
	switch kind {
	case "ReLU":
		return nn.ReLU(x), nil
	case "Linear":
		w, err := c.input(name + ".weight")
		if err != nil {
			return nil, err
		}
		return nn.Linear(s, x, w.Shape[0], !strings.Contains(arguments, "bias=False")), nil
	case "BatchNorm1d":
		if strings.Contains(arguments, "affine=False") {
			s = s.Frozen()
		}
		channels := []int{x.Shape()[1]}
		return op.BatchNorm(x,
			s.Param("weight", channels, nn.Ones, nn.Norm), s.Param("bias", channels, nn.Zeros, nn.Norm),
			s.Buffer("running_mean", channels, nn.Zeros), s.Buffer("running_var", channels, nn.Ones), norm), nil
	}
	return nil, fmt.Errorf("golden: no layer %q", module)
}
