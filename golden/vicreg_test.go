package golden

import "github.com/clvid/clvid/nn/device"

var vicRegOperations = []operation{{name: "vicreg_lr", run: vicRegRate}}

func vicRegRate(c *Case, _ device.DType) (Values, error) {
	var p struct {
		warmCosine
		Base float64 `json:"base_lr"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	at, err := c.input("step")
	return Values{"lr": rates(p.schedule(p.Base), at)}, err
}
