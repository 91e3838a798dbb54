package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/clvid/clvid/nn/op"
)

func TestMisuseOfAxes(t *testing.T) {
	ids := func(n int) *gorgonia.Node {
		return gorgonia.NewTensor(gorgonia.NewGraph(), tensor.Int32, 1, gorgonia.WithShape(n), gorgonia.WithName("ids"))
	}
	misuse(t, map[string]func(){
		"op: slice: [1,4) by 1 of axis 1 of shape [2 3]":                           func() { op.Slice(leaf(2, 3), 1, 1, 4) },
		"op: slice: [0,3) by 0 of axis 1 of shape [2 3]":                           func() { op.SliceStep(leaf(2, 3), 1, 0, 3, 0) },
		"op: slice: split into [1 3] of axis 1 of shape (2, 3)":                    func() { op.Split(leaf(2, 3), 1, 1, 3) },
		"op: slice: split into [3 0]: sizes below 1":                               func() { op.Split(leaf(2, 3), 1, 3, 0) },
		"op: slice: split into [] of axis 0 of shape (2, 3)":                       func() { op.Split(leaf(2, 3), 0) },
		"op: slice: axis 2 of shape (2, 3)":                                        func() { op.Slice(leaf(2, 3), 2, 0, 1) },
		"op: concat: no inputs":                                                    func() { op.Concat(0) },
		"op: concat: shapes [[2 3] [2 4]] along axis 0":                            func() { op.Concat(0, leaf(2, 3), leaf(2, 4)) },
		"op: pad: [1] before and [0 0] after for shape [2 3]":                      func() { op.Pad(leaf(2, 3), []int{1}, []int{0, 0}, 0) },
		"op: pad: [0 -2] before and [0 -1] after leave nothing of axis 1":          func() { op.Pad(leaf(2, 3), []int{0, -2}, []int{0, -1}, 0) },
		"op: permute: axes [0 0] of shape [2 3]: name each axis once":              func() { op.Permute(leaf(2, 3), 0, 0) },
		"op: permute: axes [0] of shape [2 3]: name each axis once":                func() { op.Permute(leaf(2, 3), 0) },
		"op: gather: ids are float32":                                              func() { op.Gather(leaf(2, 3), 0, leaf(2)) },
		"op: gather: index 3 of axis 1 of shape (2, 3)":                            func() { op.Take(leaf(2, 3), 1, []int{3}) },
		"op: gather: no indices":                                                   func() { op.Take(leaf(2, 3), 1, nil) },
		"op: gather: ids [3] do not start with the axes of x (2, 3) before axis 1": func() { op.GatherEach(leaf(2, 3), 1, ids(3)) },
		"op: scatter_add: ids (2) of 4 segments for x (3, 2)":                      func() { op.SegmentMean(leaf(3, 2), ids(2), 4) },
	})
}
