package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// MaxPool takes the maximum of each window of x (N,C,spatial…). Padding never
// wins, so it must be smaller than the kernel. Nil Stride means the kernel's
// size, nil Pad none. Of equal elements the first gets the gradient.
func MaxPool(x *gorgonia.Node, a device.PoolAttrs) *gorgonia.Node {
	a, shape := poolShape(device.MaxPool, x.Shape(), a)
	return maxima(x, device.MaxPool, device.MaxPoolGrad, a, shape)
}

// AdaptiveMaxPool takes maxima over windows that divide each spatial axis of
// x (N,C,spatial…) evenly into out (one size an axis); they overlap where the
// sizes do not divide.
func AdaptiveMaxPool(x *gorgonia.Node, out ...int) *gorgonia.Node {
	return maxima(x, device.AdaptiveMaxPool, device.AdaptiveMaxPoolGrad, nil, adaptiveShape(device.AdaptiveMaxPool, x.Shape(), out))
}

// maxima builds a maximum that saves the places that it took.
func maxima(x *gorgonia.Node, k, grad device.Kind, attrs any, shape []int) *gorgonia.Node {
	o := &Op{kind: k, attrs: attrs, out: like(x, shape...), wrt: []bool{true},
		saved: []device.Type{{DType: device.Int32, Shape: shape}}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: grad, attrs: attrs, out: TypeOf(in[0]), reads: []*gorgonia.Node{out}}
		return gorgonia.Nodes{d.apply(dout, in[0])}
	}
	return o.apply(x)
}
