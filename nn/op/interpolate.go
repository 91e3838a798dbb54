package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Interpolate resizes the 1 to 3 spatial axes of x (N,C,spatial…) to sizes,
// showing the nearest element. Positions follow PyTorch's mode "nearest" where
// sizes are given.
func Interpolate(x *gorgonia.Node, sizes ...int) *gorgonia.Node {
	return interpolate(x, device.InterpolateAttrs{}, sizes)
}

// InterpolateLinear is Interpolate with linear, bilinear or trilinear weights
// (align_corners=false, without smoothing when made smaller).
func InterpolateLinear(x *gorgonia.Node, sizes ...int) *gorgonia.Node {
	return interpolate(x, device.InterpolateAttrs{Linear: true}, sizes)
}

func interpolate(x *gorgonia.Node, a device.InterpolateAttrs, sizes []int) *gorgonia.Node {
	s := shapeOf(x)
	check(len(s) >= 3 && len(s) <= 5 && len(sizes) == len(s)-2 && slices.Min(sizes) > 0, device.Interpolate,
		"x %v to sizes %v, want (N,C) and 1 to 3 axes, and a size of each", s, sizes)
	o := &Op{kind: device.Interpolate, attrs: a, out: like(x, append(s[:2:2], sizes...)...), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.InterpolateGrad, attrs: a, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout)}
	}
	return o.apply(x)
}
