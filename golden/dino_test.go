package golden

import (
	"maps"
	"slices"
	"strings"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/optim"
)

var dinoOperations = []operation{
	{name: "dino_clip", run: dinoClip, single: true},
	{name: "dino_cosine_scheduler", run: dinoSchedule},
}

// dinoClip clips each tensor by its own norm.
func dinoClip(c *Case, dtype device.DType) (Values, error) {
	if dtype == device.Float64 {
		return clipEach[float64](c)
	}
	return clipEach[float32](c)
}

func clipEach[T float32 | float64](c *Case) (Values, error) {
	limit, err := Get[float64](c.Params, "clip")
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(maps.Keys(c.Inputs))
	grads := make([][]T, len(names))
	for i, name := range names {
		grads[i] = convert[T](c.Inputs[name].Data)
	}
	norms := optim.Norms(grads)
	values := Values{"norms": Numbers(norms, len(norms))}
	for i, factor := range optim.ClipFactors(norms, limit, 0) {
		for j := range grads[i] {
			grads[i][j] *= T(factor)
		}
		values["clipped_"+strings.TrimPrefix(names[i], "grad_")] = Numbers(grads[i], c.Inputs[names[i]].Shape...)
	}
	return values, nil
}

func dinoSchedule(c *Case, _ device.DType) (Values, error) {
	var p struct {
		Base  float64 `json:"base"`
		Final float64 `json:"final"`
		Start float64 `json:"start"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	values, err := cosineOfIterations(c, p.Base, p.Start, p.Final)
	return Values{"value": values}, err
}
