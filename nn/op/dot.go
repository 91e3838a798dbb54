package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Dot sums a·b, of one shape, over axes, which go; none named are all, to a
// scalar. It is Sum(Mul(a, b), axes...) without the product in memory.
func Dot(a, b *gorgonia.Node, axes ...int) *gorgonia.Node {
	checkSame(a, b, device.Dot)
	axes, shape := reduced(a, device.Dot, axes)
	o := &Op{kind: device.Dot, attrs: device.DotAttrs{Axes: axes}, out: like(a, shape...), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := keepAxes(dout, axes, in[0])
		return gorgonia.Nodes{Mul(in[1], d), Mul(in[0], d)}
	}
	return o.apply(a, b)
}

// dotTo is reduceTo of a·b, of one shape.
func dotTo(a, b *gorgonia.Node, shape []int) *gorgonia.Node {
	axes := repeated(shape, shapeOf(a))
	if len(axes) == 0 {
		return reshapeTo(Mul(a, b), shape)
	}
	return reshapeTo(Dot(a, b, axes...), shape)
}
