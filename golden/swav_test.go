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

func swAVRate(c *Case, _ device.DType) (Values, error) {
	var p struct {
		Base   float64 `json:"base_lr"`
		Final  float64 `json:"final_lr"`
		Start  float64 `json:"start_warmup"`
		Warmup int     `json:"warmup_epochs"`
		Epochs int     `json:"epochs"`
		Steps  int     `json:"iters_per_epoch"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	at, err := c.input("iteration")
	return Values{"lr": rates(optim.Schedule{
		Base: p.Base, Start: p.Start, Final: p.Final, Warmup: p.Warmup * p.Steps, Rise: optim.BothEnds,
		Total: p.Epochs * p.Steps, Shape: optim.Cosine,
	}, at)}, err
}
