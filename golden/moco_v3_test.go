package golden

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/optim"
)

var mocoV3Operations = []operation{
	{name: "lars_torch", run: larsByShape, single: true},
	{name: "mlp_heads", run: mlpHeads},
	{name: "mocov3_schedules", run: mocoV3Schedules},
}

// mocoV3Schedules counts in epochs and moves within them.
func mocoV3Schedules(c *Case, _ device.DType) (Values, error) {
	var p struct {
		LR     float64 `json:"lr_scaled"`
		Epochs int     `json:"epochs"`
		Warmup int     `json:"warmup_epochs"`
		EMA    float64 `json:"moco_m"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	at, err := c.input("epoch_float")
	lr := optim.Schedule{Base: p.LR, Warmup: p.Warmup, Rise: optim.FromStart, Total: p.Epochs, Shape: optim.Cosine}
	return Values{"lr": rates(lr, at), "ema_m": rates(optim.EMASchedule(p.EMA, true, p.Epochs), at)}, err
}
