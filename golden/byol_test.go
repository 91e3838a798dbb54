package golden

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/optim"
)

var byolOperations = []operation{
	{name: "byol_ema", run: byolEMA, single: true},
	{name: "lr_warmup_cosine_steps", run: byolRate},
	{name: "mlp_heads", run: mlpHeads},
}

// byolEMA moves the target network with the decay of each step.
func byolEMA(c *Case, dtype device.DType) (Values, error) {
	if dtype == device.Float64 {
		return averages[float64](c)
	}
	return averages[float32](c)
}

func averages[T float32 | float64](c *Case) (Values, error) {
	base, err := Get[float64](c.Params, "base_ema")
	if err != nil {
		return nil, err
	}
	total, err := Get[int](c.Params, "max_steps")
	if err != nil {
		return nil, err
	}
	start, err := c.input("target_init")
	if err != nil {
		return nil, err
	}
	online, err := c.input("online_after_opt")
	if err != nil {
		return nil, err
	}
	at, err := c.input("step")
	if err != nil {
		return nil, err
	}
	values := Values{"tau": rates(optim.EMASchedule(base, true, total), at)}
	target := convert[T](start.Data)
	for s, o := range steps(online) {
		optim.EMA(target, convert[T](o.Data), values["tau"].Data[s])
		values.stack("target_after", Numbers(target, start.Shape...))
	}
	return values, nil
}

func byolRate(c *Case, _ device.DType) (Values, error) {
	var p struct {
		BaseLR float64 `json:"base_lr"`
		Batch  int     `json:"batch_size"`
		Total  int     `json:"total_steps"`
		Warmup int     `json:"warmup_steps"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	at, err := c.input("step")
	return Values{"lr": rates(optim.Schedule{
		Base: p.BaseLR * float64(p.Batch) / 256, Warmup: p.Warmup, Rise: optim.FromStart, Total: p.Total, Shape: optim.Cosine,
	}, at)}, err
}
