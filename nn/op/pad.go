package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Pad adds, at both ends of every axis, so many elements of a value as before
// and after say; negative numbers take elements away.
func Pad(x *gorgonia.Node, before, after []int, value float64) *gorgonia.Node {
	shape := shapeOf(x)
	check(len(before) == len(shape) && len(after) == len(shape), device.Pad, "%v before and %v after for shape %v", before, after, shape)
	for i, d := range shape {
		shape[i] = d + before[i] + after[i]
		check(shape[i] > 0, device.Pad, "%v before and %v after leave nothing of axis %d of shape %v", before, after, i, x.Shape())
	}
	a := device.PadAttrs{Before: before, After: after, Value: value}
	o := &Op{kind: device.Pad, attrs: a, out: like(x, shape...), wrt: []bool{true}}
	o.grad = func(_ gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Pad(dout, negated(before), negated(after), 0)}
	}
	return o.apply(x)
}

func negated(v []int) []int {
	n := make([]int, len(v))
	for i, x := range v {
		n[i] = -x
	}
	return n
}
