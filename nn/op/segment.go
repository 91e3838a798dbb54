package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// SegmentSum adds the rows of x (M,…) that share an id: (segments,…). ids,
// int32 (M) in any order, say to which segment each row belongs; ids outside
// [0,segments) are an error when the plan runs. Segments without rows are 0.
func SegmentSum(x, ids *gorgonia.Node, segments int) *gorgonia.Node {
	checkSegments(x, ids, segments)
	a := device.GatherAttrs{Axis: 0}
	shape := slices.Concat([]int{segments}, shapeOf(x)[1:])
	o := &Op{kind: device.ScatterAdd, attrs: a, out: like(x, shape...), wrt: []bool{true, false}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Gather(dout, 0, in[1]), nil}
	}
	return o.apply(x, ids)
}

// SegmentMean is SegmentSum over the number of rows of each segment.
func SegmentMean(x, ids *gorgonia.Node, segments int) *gorgonia.Node {
	checkSegments(x, ids, segments)
	o := &Op{kind: device.SegmentWeights, out: like(x, ids.Shape()[0])}
	column := make([]int, len(x.Shape()))
	for i := range column {
		column[i] = 1
	}
	column[0] = x.Shape()[0]
	return SegmentSum(Mul(x, Reshape(o.apply(ids), column...)), ids, segments)
}

func checkSegments(x, ids *gorgonia.Node, segments int) {
	checkIDs(ids, device.ScatterAdd, "ids")
	check(len(x.Shape()) > 0 && slices.Equal(shapeOf(ids), shapeOf(x)[:1]) && segments > 0, device.ScatterAdd,
		"ids %v of %d segments for x %v", ids.Shape(), segments, x.Shape())
}
