package golden

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
)

var cvrlOperations = []operation{
	{name: "interval", run: cvrlInterval, fits: func(c *Case) bool { return c.Params.Has("sequence_length", "num_steps", "stride") }},
	{name: "loss", run: cvrlLoss, single: true, fits: func(c *Case) bool { return c.Params.Has("temperature") && c.expects("loss") }},
}

// cvrlLoss is NT-Xent, summed over both directions.
func cvrlLoss(c *Case, dtype device.DType) (Values, error) {
	temperature, err := Get[float64](c.Params, "temperature")
	if err != nil {
		return nil, err
	}
	n := newNet(dtype)
	in, err := n.inputs(c, "z1", "z2")
	if err != nil {
		return nil, err
	}
	nodes := loss.NTXent(op.Concat(0, in...), loss.NTXentOptions{Temperature: temperature})
	sum := op.Scale(nodes.Loss, 2)
	outputs := map[string]*gorgonia.Node{"loss": sum, "loss_a": nodes.Views[0], "loss_b": nodes.Views[1]}
	if err := n.gradients(sum, outputs, in...); err != nil {
		return nil, err
	}
	return n.once(true, outputs)
}

// cvrlInterval places two clips from given draws.
func cvrlInterval(c *Case, _ device.DType) (Values, error) {
	var p struct {
		Length    int        `json:"sequence_length"`
		Frames    int        `json:"num_steps"`
		Stride    int        `json:"stride"`
		Power     float64    `json:"power"`
		Fractions [2]float64 `json:"start_fraction"`
		Swap      int        `json:"swap"`
	}
	p.Power = 1
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	u, err := c.input("u")
	if err != nil {
		return nil, err
	}
	gap, starts := media.PairStarts(p.Length, p.Frames, p.Stride, p.Power, u.Data[0], p.Fractions, p.Swap != 0)
	var frames []int
	for _, start := range starts {
		span := media.Span{Start: start, N: p.Frames, Stride: p.Stride}
		for j := range p.Frames {
			frames = append(frames, span.Frame(j, p.Length))
		}
	}
	return Values{
		"max_offset": Scalar(float64(media.StartRange(p.Length, p.Frames, p.Stride))), "delta": Scalar(float64(gap)),
		"offsets": Numbers(starts[:], 2), "frame_index": Numbers(frames, 2, p.Frames),
	}, nil
}
