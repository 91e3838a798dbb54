package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// AvgPool averages each window of x (N,C,spatial…). Padding is smaller than the
// kernel and counts as zeros, or not at all (PoolAttrs.CountPad). Nil Stride
// means the kernel's size, nil Pad none.
func AvgPool(x *gorgonia.Node, a device.PoolAttrs) *gorgonia.Node {
	a, shape := poolShape(device.AvgPool, x.Shape(), a)
	return averages(x, device.AvgPool, device.AvgPoolGrad, a, shape)
}

// AdaptiveAvgPool averages windows that divide each spatial axis of x
// (N,C,spatial…) evenly into out (one size an axis); they overlap where the
// sizes do not divide.
func AdaptiveAvgPool(x *gorgonia.Node, out ...int) *gorgonia.Node {
	return averages(x, device.AdaptiveAvgPool, device.AdaptiveAvgPoolGrad, nil, adaptiveShape(device.AdaptiveAvgPool, x.Shape(), out))
}

func averages(x *gorgonia.Node, k, grad device.Kind, attrs any, shape []int) *gorgonia.Node {
	o := &Op{kind: k, attrs: attrs, out: like(x, shape...), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: grad, attrs: attrs, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, in[0])}
	}
	return o.apply(x)
}

// poolShape fills in the attributes' defaults and finds the output's shape.
func poolShape(k device.Kind, s []int, a device.PoolAttrs) (device.PoolAttrs, []int) {
	axes := len(s) - 2
	check(axes >= 1 && axes <= 3, k, "x has shape %v, want 1 to 3 spatial axes after (N,C)", s)
	if a.Stride == nil {
		a.Stride = a.Kernel
	}
	a.Pad = orRepeat(a.Pad, axes, 0)
	if a.PadEnd == nil {
		a.PadEnd = a.Pad
	}
	check(len(a.Kernel) == axes && len(a.Stride) == axes && len(a.Pad) == axes && len(a.PadEnd) == axes, k,
		"kernel %v, stride %v, pad %v and %v for %d spatial axes", a.Kernel, a.Stride, a.Pad, a.PadEnd, axes)
	shape := []int{s[0], s[1]}
	for i := range axes {
		check(max(a.Pad[i], a.PadEnd[i]) < a.Kernel[i], k, "pad %v, %v reaches past kernel %v", a.Pad, a.PadEnd, a.Kernel)
		shape = append(shape, poolSize(k, s[i+2], i, a))
	}
	return a, shape
}

// poolSize is the number of windows along axis i, of size in.
func poolSize(k device.Kind, in, i int, a device.PoolAttrs) int {
	kernel, stride := a.Kernel[i], a.Stride[i]
	padded := in + a.Pad[i] + a.PadEnd[i]
	if !a.Ceil {
		return outSize(k, padded, kernel, stride, 0)
	}
	check(stride >= 1 && in >= 1, k, "axis of %d, stride %d", in, stride)
	out := max(0, padded-kernel+stride-1)/stride + 1
	if (out-1)*stride >= in+a.Pad[i] {
		out-- // the last window would begin behind the last input
	}
	return out
}

func adaptiveShape(k device.Kind, s, out []int) []int {
	axes := len(s) - 2
	check(axes >= 1 && axes <= 3 && len(out) == axes, k, "x has shape %v, %v asked for, want 1 to 3 spatial axes and a size for each", s, out)
	shape := []int{s[0], s[1]}
	for i, size := range out {
		check(size >= 1 && s[i+2] >= 1, k, "%v of x %v: sizes must be at least 1", out, s)
		shape = append(shape, size)
	}
	return shape
}
