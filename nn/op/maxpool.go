package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// MaxPool takes the maximum of each window of x (N,C,spatial…). Padding never
// wins, so it must be smaller than the kernel. Nil Stride means the kernel's
// size, nil Pad none. Of equal elements the first gets the gradient.
func MaxPool(x *gorgonia.Node, a device.PoolAttrs) *gorgonia.Node {
	s := x.Shape()
	axes := len(s) - 2
	check(axes >= 1 && axes <= 3, device.MaxPool, "x has shape %v, want 1 to 3 spatial axes after (N,C)", s)
	if a.Stride == nil {
		a.Stride = a.Kernel
	}
	a.Pad = orRepeat(a.Pad, axes, 0)
	check(len(a.Kernel) == axes && len(a.Stride) == axes && len(a.Pad) == axes, device.MaxPool,
		"kernel %v, stride %v, pad %v for %d spatial axes", a.Kernel, a.Stride, a.Pad, axes)
	shape := []int{s[0], s[1]}
	for i := range axes {
		check(a.Pad[i] < a.Kernel[i], device.MaxPool, "pad %v reaches past kernel %v", a.Pad, a.Kernel)
		shape = append(shape, outSize(device.MaxPool, s[i+2], a.Kernel[i], a.Stride[i], a.Pad[i]))
	}
	o := &Op{kind: device.MaxPool, attrs: a, out: like(x, shape...), wrt: []bool{true},
		saved: []device.Type{{DType: device.Int32, Shape: shape}}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.MaxPoolGrad, attrs: a, out: TypeOf(in[0]), reads: []*gorgonia.Node{out}}
		return gorgonia.Nodes{d.apply(dout, in[0])}
	}
	return o.apply(x)
}
