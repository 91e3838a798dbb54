package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Conv correlates x (N,C,spatial…) with w (K,C/groups,kernel…) and returns
// (N,K,out…), out = (in + 2·pad - dilation·(kernel-1) - 1)/stride + 1 for each
// of the 1 to 3 spatial axes. Nil attributes mean stride 1, no padding,
// dilation 1; Groups 0 means 1.
func Conv(x, w *gorgonia.Node, a device.ConvAttrs) *gorgonia.Node {
	a = convDefaults(a, len(x.Shape())-2)
	o := &Op{kind: device.Conv, attrs: a, out: like(x, convShape(x.Shape(), w.Shape(), a)...), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		x, w := in[0], in[1]
		dx := &Op{kind: device.ConvGradInput, attrs: a, out: TypeOf(x)}
		dw := &Op{kind: device.ConvGradWeight, attrs: a, out: TypeOf(w)}
		return gorgonia.Nodes{dx.apply(dout, w, x), dw.apply(x, dout, w)}
	}
	return o.apply(x, w)
}

func convDefaults(a device.ConvAttrs, axes int) device.ConvAttrs {
	a.Stride = orRepeat(a.Stride, axes, 1)
	a.Pad = orRepeat(a.Pad, axes, 0)
	a.Dilation = orRepeat(a.Dilation, axes, 1)
	a.Groups = max(a.Groups, 1)
	return a
}

// orRepeat is v, or n times value where v is nil.
func orRepeat(v []int, n, value int) []int {
	if v != nil {
		return v
	}
	v = make([]int, max(n, 0))
	for i := range v {
		v[i] = value
	}
	return v
}

func convShape(x, w []int, a device.ConvAttrs) []int {
	axes := len(x) - 2
	check(axes >= 1 && axes <= 3, device.Conv, "x has shape %v, want 1 to 3 spatial axes after (N,C)", x)
	check(len(w) == len(x), device.Conv, "w has shape %v for x %v", w, x)
	check(len(a.Stride) == axes && len(a.Pad) == axes && len(a.Dilation) == axes, device.Conv,
		"stride %v, pad %v, dilation %v for %d spatial axes", a.Stride, a.Pad, a.Dilation, axes)
	check(x[1] == w[1]*a.Groups && w[0]%a.Groups == 0, device.Conv,
		"x %v and w %v do not fit in %d groups", x, w, a.Groups)
	out := []int{x[0], w[0]}
	for i := range axes {
		span := a.Dilation[i]*(w[i+2]-1) + 1
		out = append(out, outSize(device.Conv, x[i+2], span, a.Stride[i], a.Pad[i]))
	}
	return out
}

// outSize is the number of windows of span positions along an axis of size in.
func outSize(k device.Kind, in, span, stride, pad int) int {
	check(stride >= 1 && pad >= 0, k, "stride %d, pad %d", stride, pad)
	check(in+2*pad >= span, k, "axis of %d with padding %d is shorter than the kernel's %d: use larger or longer clips", in, pad, span)
	return (in+2*pad-span)/stride + 1
}
