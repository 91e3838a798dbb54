package golden

import (
	"maps"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/optim"
)

var barlowTwinsOperations = []operation{
	{name: "barlow_lr", run: barlowRates},
	{name: "lars_two_groups", run: larsTwoGroups, single: true},
}

// warmCosine is the schedule of Barlow Twins and VICReg, apart from its base.
type warmCosine struct {
	Batch  int     `json:"batch_size"`
	Epochs int     `json:"epochs"`
	Steps  int     `json:"iters_per_epoch"`
	Warmup int     `json:"warmup_epochs"`
	End    float64 `json:"end_lr_ratio"`
}

// schedule scales base by the batch.
func (w warmCosine) schedule(base float64) optim.Schedule {
	base *= float64(w.Batch) / 256
	return optim.Schedule{
		Base: base, Final: base * w.End, Warmup: w.Warmup * w.Steps, Rise: optim.FromStart, Total: w.Epochs * w.Steps, Shape: optim.Cosine,
	}
}

func barlowRates(c *Case, _ device.DType) (Values, error) {
	var p struct {
		warmCosine
		Weights float64 `json:"lr_weights"`
		Biases  float64 `json:"lr_biases"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	at, err := c.input("step")
	return Values{"lr_weights": rates(p.schedule(p.Weights), at), "lr_biases": rates(p.schedule(p.Biases), at)}, err
}

// larsTwoGroups gives tensors of one axis learning rates of their own, whose
// ratio to the others' changes from step to step: one optimizer for each group.
func larsTwoGroups(c *Case, dtype device.DType) (Values, error) {
	o, err := optimizer(c, optim.LARSTorch)
	if err != nil {
		return nil, err
	}
	values := Values{}
	for rates, small := range map[string]bool{"lr_weights": false, "lr_biases": true} {
		group := func(name string) (optim.Group, bool) {
			axes := len(c.Inputs["param:"+name].Shape)
			return optim.Groups(o, []optim.Tensor{{Name: name, Axes: axes}})[0], (axes == 1) == small
		}
		got, err := trajectory{config: o, rates: rates, group: group}.run(c, dtype)
		if err != nil {
			return nil, err
		}
		maps.Copy(values, got)
	}
	return values, nil
}
