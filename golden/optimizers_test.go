package golden

import (
	"maps"
	"slices"
	"strings"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/optim"
)

// trajectory runs an optimizer along given gradients and learning rates: inputs
// "param:NAME", "grad:NAME" and rates of one element a step.
type trajectory struct {
	config optim.Config
	rates  string                                // name of the input of learning rates
	group  func(name string) (optim.Group, bool) // nil: by optim.Groups; false leaves a parameter out
}

// optimizerSettings are the parameters of trajectories.
type optimizerSettings struct {
	Momentum    float64 `json:"momentum"`
	WeightDecay float64 `json:"weight_decay"`
	Nesterov    bool    `json:"nesterov"`
	EETA        float64 `json:"eeta"`
	Eta         float64 `json:"eta"`
	Trust       float64 `json:"trust_coefficient"`
	Eps         float64 `json:"eps"`
	Clip        bool    `json:"clip"`
}

// optimizer reads the settings of a case for the optimizer of that name.
func optimizer(c *Case, name string) (optim.Config, error) {
	var p optimizerSettings
	o := optim.Default()
	if err := c.Params.Decode(&p); err != nil {
		return o, err
	}
	o.Name, o.Momentum, o.WeightDecay, o.Nesterov, o.TrustClip = name, p.Momentum, p.WeightDecay, p.Nesterov, p.Clip
	o.TrustCoefficient = max(p.EETA, p.Eta, p.Trust) // every case has one of them
	if c.Params.Has("eps") {
		o.Eps = p.Eps
	}
	return o, nil
}

func (t trajectory) run(c *Case, dtype device.DType) (Values, error) {
	if dtype == device.Float64 {
		return follow[float64](c, t)
	}
	return follow[float32](c, t)
}

func follow[T float32 | float64](c *Case, t trajectory) (Values, error) {
	rates, err := c.input(t.rates)
	if err != nil {
		return nil, err
	}
	params, grads, err := problem[T](c, t)
	if err != nil {
		return nil, err
	}
	o, err := optim.New(t.config, params)
	if err != nil {
		return nil, err
	}
	values := Values{}
	for s, lr := range rates.Data {
		step := make([][]T, len(params))
		for i, g := range grads {
			step[i] = convert[T](steps(g)[s].Data)
		}
		if err := o.Step(optim.Rates{LR: lr, WeightDecay: t.config.WeightDecay}, step); err != nil {
			return nil, err
		}
		record(values, o, params, grads)
	}
	for _, s := range o.State() {
		name := strings.TrimSuffix(s.Name, ".momentum_buffer")
		values["velocity_final:"+name] = Numbers(s.Data, c.Inputs["param:"+name].Shape...)
	}
	return values, nil
}

// problem makes the parameters of a trajectory, sorted by name, and all their
// gradients.
func problem[T float32 | float64](c *Case, t trajectory) (params []optim.ParamOf[T], grads []Tensor, err error) {
	var tensors []optim.Tensor
	for _, input := range slices.Sorted(maps.Keys(c.Inputs)) {
		name, ok := strings.CutPrefix(input, "param:")
		if !ok {
			continue
		}
		var group optim.Group
		if t.group != nil {
			if group, ok = t.group(name); !ok {
				continue
			}
		}
		g, err := c.input("grad:" + name)
		if err != nil {
			return nil, nil, err
		}
		start := c.Inputs[input]
		params = append(params, optim.ParamOf[T]{Name: name, Data: convert[T](start.Data), Group: group})
		tensors = append(tensors, optim.Tensor{Name: name, Axes: len(start.Shape)})
		grads = append(grads, g)
	}
	if t.group == nil {
		for i, g := range optim.Groups(t.config, tensors) {
			params[i].Group = g
		}
	}
	return params, grads, nil
}

// record adds parameters, and trust ratios where the optimizer has them, after
// a step.
func record[T float32 | float64](values Values, o optim.OptimizerOf[T], params []optim.ParamOf[T], grads []Tensor) {
	for i, p := range params {
		values.stack("param_after:"+p.Name, Numbers(p.Data, grads[i].Shape[1:]...))
		if scaled, ok := o.(interface{ TrustRatios() []float64 }); ok {
			values.stack("trust_ratio:"+p.Name, Scalar(scaled.TrustRatios()[i]))
		}
	}
}

// larsByShape is LARS of MoCo v3, Barlow Twins, VICReg and DINO, which leave
// tensors of one axis out of decay and scaling.
func larsByShape(c *Case, dtype device.DType) (Values, error) {
	o, err := optimizer(c, optim.LARSTorch)
	if err != nil {
		return nil, err
	}
	return trajectory{config: o, rates: "lr"}.run(c, dtype)
}

// rates are a schedule's values at positions, whole ones or between two.
func rates(s optim.Schedule, at Tensor) Tensor {
	out := Tensor{Shape: at.Shape, Data: make([]float64, len(at.Data))}
	for i, position := range at.Data {
		out.Data[i] = s.AtPart(position)
	}
	return out
}
