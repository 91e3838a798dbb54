package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// ConvTranspose is the gradient of Conv as an operation of its own: it maps x
// (N,C,in…) by w (C,K/groups,kernel…) to (N,K,out…), out = (in - 1)·stride -
// 2·pad + dilation·(kernel - 1) + 1 + outPad. outPad, below the stride, chooses
// among the sizes that Conv maps to in; nil means 0. Nil attributes as for Conv.
func ConvTranspose(x, w *gorgonia.Node, a device.ConvAttrs, outPad []int) *gorgonia.Node {
	axes := len(x.Shape()) - 2
	a = convDefaults(a, axes)
	shape := transposeShape(x.Shape(), w.Shape(), a, orRepeat(outPad, axes, 0))
	o := &Op{kind: device.ConvTranspose, attrs: a, out: like(x, shape...), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		dw := &Op{kind: device.ConvGradWeight, attrs: a, out: TypeOf(in[1])}
		return gorgonia.Nodes{Conv(dout, in[1], a), dw.apply(dout, in[0], in[1])}
	}
	return o.apply(x, w)
}

func transposeShape(x, w []int, a device.ConvAttrs, outPad []int) []int {
	const k = device.ConvTranspose
	axes := len(x) - 2
	check(axes >= 1 && axes <= 3, k, "x has shape %v, want 1 to 3 spatial axes after (N,C)", x)
	check(len(w) == len(x) && w[0] == x[1] && w[0]%a.Groups == 0, k, "x %v and w %v do not fit in %d groups", x, w, a.Groups)
	check(len(a.Stride) == axes && len(a.Pad) == axes && len(a.Dilation) == axes && len(outPad) == axes, k,
		"stride %v, pad %v, dilation %v, output padding %v for %d spatial axes", a.Stride, a.Pad, a.Dilation, outPad, axes)
	out := []int{x[0], w[1] * a.Groups}
	for i := range axes {
		check(outPad[i] >= 0 && outPad[i] < a.Stride[i], k, "output padding %v, want at least 0 and below the stride %v", outPad, a.Stride)
		out = append(out, (x[i+2]-1)*a.Stride[i]-2*a.Pad[i]+a.Dilation[i]*(w[i+2]-1)+1+outPad[i])
	}
	// Conv checks the rest: that the kernel fits, and that it leads back to x.
	check(slices.Min(out[2:]) >= 1 && slices.Equal(convShape(out, w, a), x), k, "x %v, w %v, pad %v lead to %v", x, w, a.Pad, out)
	return out
}
