package golden

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/optim"
)

var simCLROperations = []operation{
	{name: "augment_ops", run: augmentOps},
	{name: "lars_classic", run: larsClassic, single: true},
	{name: "lr_warmup_cosine", run: simCLRSchedule},
	{name: "ntxent", run: ntXent, single: true},
	{name: "projection_head", run: projectionHead, single: true},
}

// ntXent checks the loss that the official code minimises: the sum over both
// views, twice the mean that clvid trains on.
func ntXent(c *Case, dtype device.DType) (Values, error) {
	temperature, err := Get[float64](c.Params, "temperature")
	if err != nil {
		return nil, err
	}
	normalise, err := GetOr(c.Params, "hidden_norm", true)
	if err != nil {
		return nil, err
	}
	n := newNet(dtype)
	in, err := n.inputs(c, "hidden")
	if err != nil {
		return nil, err
	}
	nodes := loss.NTXent(in[0], loss.NTXentOptions{Temperature: temperature, Raw: !normalise})
	sum := op.Scale(nodes.Loss, 2)
	outputs := map[string]*gorgonia.Node{
		"loss": sum, "loss_paper": nodes.Loss, "loss_a": nodes.Views[0], "loss_b": nodes.Views[1], "logits_ab": across(nodes.Z, temperature),
	}
	if err := n.gradients(sum, outputs, in[0]); err != nil {
		return nil, err
	}
	values, err := n.once(true, outputs)
	if err != nil {
		return nil, err
	}
	values["contrast_acc"] = Scalar(loss.Accuracy(values["logits_ab"].Data, loss.Diagonal(in[0].Shape()[0]/2)))
	return values, nil
}

// across compares view 1 with view 2: (N,N) of z (2N,D).
func across(z *gorgonia.Node, temperature float64) *gorgonia.Node {
	rows := z.Shape()[0]
	one, two := op.Slice(z, 0, 0, rows/2), op.Slice(z, 0, rows/2, rows)
	return op.Scale(op.MatMul(one, two, device.MatMulAttrs{TransB: true}), 1/temperature)
}

// projectionHead checks linear layers and batch norm in SimCLR's arrangement:
// every layer normalised, the last without beta and ReLU.
func projectionHead(c *Case, dtype device.DType) (Values, error) {
	layers, err := Get[int](c.Params, "layers")
	if err != nil {
		return nil, err
	}
	n := newNet(dtype)
	in, err := n.inputs(c, "features", "grad_output")
	if err != nil {
		return nil, err
	}
	outputs := map[string]*gorgonia.Node{}
	x := in[0]
	for i := range layers {
		s := n.scope.Sub(fmt.Sprint(i))
		x = nn.BatchNorm(s.Sub("norm"), nn.Linear(s.Sub("linear"), x, c.Inputs[fmt.Sprintf("w%d", i)].Shape[1], false))
		if i < layers-1 {
			x = nn.ReLU(x)
		}
		outputs[fmt.Sprintf("hidden_%d", i+1)] = x
	}
	wanted := append([]*gorgonia.Node{in[0]}, n.scope.Params()...)
	if err := n.gradients(op.Sum(op.Mul(x, in[1])), outputs, wanted...); err != nil {
		return nil, err
	}
	if err := setHead(n, c, layers); err != nil {
		return nil, err
	}
	values, err := n.once(true, outputs)
	if err != nil {
		return nil, err
	}
	return values, readHead(n, values, layers, in[0].Shape()[0])
}

// setHead writes the weights of a case, which are (in,out), into the store.
func setHead(n *net, c *Case, layers int) error {
	for i := range layers {
		w, err := c.input(fmt.Sprintf("w%d", i))
		if err != nil {
			return err
		}
		if err := n.set(fmt.Sprintf("%d.linear.weight", i), transposed(w).Data); err != nil {
			return err
		}
		for name, stored := range map[string]string{"gamma": "weight", "beta": "bias"} {
			t, ok := c.Inputs[fmt.Sprintf("%s%d", name, i)]
			if !ok { // the last layer has no beta: it stays 0
				continue
			}
			if err := n.set(fmt.Sprintf("%d.norm.%s", i, stored), t.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// readHead names the gradients as cases do, and finds the statistics of the
// batch in the running ones, which started at 0 and 1 and took a tenth of them.
func readHead(n *net, values Values, layers, rows int) error {
	for i := range layers {
		values[fmt.Sprintf("grad_w%d", i)] = transposed(values[fmt.Sprintf("grad_%d.linear.weight", i)])
		values[fmt.Sprintf("grad_gamma%d", i)] = values[fmt.Sprintf("grad_%d.norm.weight", i)]
		values[fmt.Sprintf("grad_beta%d", i)] = values[fmt.Sprintf("grad_%d.norm.bias", i)]
		mean, err := n.get(fmt.Sprintf("%d.norm.running_mean", i))
		if err != nil {
			return err
		}
		variance, err := n.get(fmt.Sprintf("%d.norm.running_var", i))
		if err != nil {
			return err
		}
		for j := range mean.Data {
			mean.Data[j] *= 10
			variance.Data[j] = (variance.Data[j] - .9) * 10 * float64(rows-1) / float64(rows)
		}
		values[fmt.Sprintf("bn%d_batch_mean", i)] = mean
		values[fmt.Sprintf("bn%d_batch_var_biased", i)] = variance
	}
	return nil
}

func simCLRSchedule(c *Case, _ device.DType) (Values, error) {
	var settings struct {
		BaseLR       float64 `json:"base_lr"`
		Scaling      string  `json:"scaling"`
		Batch        int     `json:"batch_size"`
		Examples     int     `json:"num_examples"`
		Epochs       int     `json:"epochs"`
		WarmupEpochs int     `json:"warmup_epochs"`
	}
	if err := c.Params.Decode(&settings); err != nil {
		return nil, err
	}
	schedule, err := optim.SimCLRRecipe(settings).Schedule()
	if err != nil {
		return nil, err
	}
	at, err := c.input("step")
	if err != nil {
		return nil, err
	}
	return Values{
		"lr": rates(schedule, at), "total_steps": Scalar(float64(schedule.Total)), "warmup_steps": Scalar(float64(schedule.Warmup)),
	}, nil
}

// larsClassic checks LARS as SimCLR's code has it: what decays and what is
// scaled is given by name.
func larsClassic(c *Case, dtype device.DType) (Values, error) {
	kinds, err := Get[map[string]struct {
		Decay bool `json:"weight_decay"`
		Adapt bool `json:"layer_adaptation"`
	}](c.Params, "kinds")
	if err != nil {
		return nil, err
	}
	o, err := optimizer(c, optim.LARS)
	if err != nil {
		return nil, err
	}
	group := func(name string) (optim.Group, bool) {
		return optim.Group{Decay: kinds[name].Decay, Adapt: kinds[name].Adapt}, true
	}
	return trajectory{config: o, rates: "lr", group: group}.run(c, dtype)
}
