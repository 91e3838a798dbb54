package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Gather takes the elements ids, int32 of any shape, of an axis of x, in whose
// place the axes of ids stand: a table (V,D) at ids (N,L) along axis 0 gives
// (N,L,D). Ids outside the axis are an error when the plan runs.
func Gather(x *gorgonia.Node, axis int, ids *gorgonia.Node) *gorgonia.Node {
	checkAxis(x, device.Gather, axis)
	checkIDs(ids, device.Gather, "ids")
	return gather(x, device.GatherAttrs{Axis: axis}, shapeOf(ids), ids)
}

// GatherEach is Gather with ids of their own for every position before the
// axis: ids start with the axes of x before it. x (N,L,D) at ids (N,K) along
// axis 1 gives (N,K,D), at ids (N) it gives (N,D).
func GatherEach(x *gorgonia.Node, axis int, ids *gorgonia.Node) *gorgonia.Node {
	checkAxis(x, device.Gather, axis)
	checkIDs(ids, device.Gather, "ids")
	s := shapeOf(ids)
	check(len(s) >= axis && slices.Equal(s[:min(axis, len(s))], shapeOf(x)[:axis]), device.Gather,
		"ids %v do not start with the axes of x %v before axis %d", s, x.Shape(), axis)
	return gather(x, device.GatherAttrs{Axis: axis, Each: true}, s[axis:], ids)
}

// Take is Gather with constant indices, as many as the axis then has.
func Take(x *gorgonia.Node, axis int, indices []int) *gorgonia.Node {
	checkAxis(x, device.Gather, axis)
	check(len(indices) > 0, device.Gather, "no indices")
	ids := make([]int32, len(indices))
	for i, id := range indices {
		check(id >= 0 && id < x.Shape()[axis], device.Gather, "index %d of axis %d of shape %v", id, axis, x.Shape())
		ids[i] = int32(id)
	}
	return gather(x, device.GatherAttrs{Axis: axis, Indices: ids}, []int{len(ids)})
}

// gather puts the axes taken in place of the indexed one. ids is none or one.
func gather(x *gorgonia.Node, a device.GatherAttrs, taken []int, ids ...*gorgonia.Node) *gorgonia.Node {
	shape := slices.Concat(shapeOf(x)[:a.Axis], taken, shapeOf(x)[a.Axis+1:])
	o := &Op{kind: device.Gather, attrs: a, out: like(x, shape...), wrt: []bool{true, false}[:1+len(ids)]}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.ScatterAdd, attrs: a, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(append(gorgonia.Nodes{dout}, ids...)...), nil}[:len(in)]
	}
	return o.apply(append([]*gorgonia.Node{x}, ids...)...)
}
