package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Softmax is e^x over its sum along an axis, in x's shape. Entries of -Inf
// give 0; a line of nothing else gives NaN.
func Softmax(x *gorgonia.Node, axis int) *gorgonia.Node {
	return softmax(x, device.SoftmaxAttrs{Axis: axis})
}

// LogSoftmax is x less the logarithm of the sum of e^x along an axis.
func LogSoftmax(x *gorgonia.Node, axis int) *gorgonia.Node {
	return softmax(x, device.SoftmaxAttrs{Axis: axis, Log: true})
}

func softmax(x *gorgonia.Node, a device.SoftmaxAttrs) *gorgonia.Node {
	checkAxis(x, device.Softmax, a.Axis)
	o := &Op{kind: device.Softmax, attrs: a, out: TypeOf(x), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.SoftmaxGrad, attrs: a, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, out)}
	}
	return o.apply(x)
}
