package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Permute puts the axes of x in another order: axis i of the result is axis
// axes[i] of x. Permute(x, 1, 0) transposes a matrix.
func Permute(x *gorgonia.Node, axes ...int) *gorgonia.Node {
	in := shapeOf(x)
	check(isPermutation(axes, len(in)), device.Permute, "axes %v of shape %v: name each axis once", axes, in)
	shape, back := make([]int, len(in)), make([]int, len(in))
	for i, a := range axes {
		shape[i], back[a] = in[a], i
	}
	o := &Op{kind: device.Permute, attrs: device.PermuteAttrs{Axes: slices.Clone(axes)}, out: like(x, shape...), wrt: []bool{true}}
	o.grad = func(_ gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Permute(dout, back...)}
	}
	return o.apply(x)
}

func isPermutation(axes []int, n int) bool {
	sorted := slices.Sorted(slices.Values(axes))
	for i, a := range sorted {
		if a != i {
			return false
		}
	}
	return len(axes) == n
}
