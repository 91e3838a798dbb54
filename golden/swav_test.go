package golden

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/optim"
)

var swAVOperations = []operation{
	{name: "larc", run: larc, single: true},
	{name: "swav_lr", run: swAVRate},
}

// larc excludes nothing: norms and biases decay and are scaled too.
func larc(c *Case, dtype device.DType) (Values, error) {
	o, err := optimizer(c, optim.LARC)
	if err != nil {
		return nil, err
	}
	o.ExcludeNormAndBias = false
	return trajectory{config: o, rates: "lr"}.run(c, dtype)
}

// cosineOfIterations are the values of SwAV's schedule, which DINO took over: a
// table whose warm-up reaches both of its ends, then a cosine.
func cosineOfIterations(c *Case, base, start, final float64) (Tensor, error) {
	var p struct {
		Warmup int `json:"warmup_epochs"`
		Epochs int `json:"epochs"`
		Steps  int `json:"iters_per_epoch"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return Tensor{}, err
	}
	at, err := c.input("iteration")
	return rates(optim.Schedule{Base: base, Start: start, Final: final, Warmup: p.Warmup * p.Steps, Rise: optim.BothEnds,
		Total: p.Epochs * p.Steps, Shape: optim.Cosine}, at), err
}

func swAVRate(c *Case, _ device.DType) (Values, error) {
	var p struct {
		Base  float64 `json:"base_lr"`
		Final float64 `json:"final_lr"`
		Start float64 `json:"start_warmup"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	values, err := cosineOfIterations(c, p.Base, p.Start, p.Final)
	return Values{"lr": values}, err
}
