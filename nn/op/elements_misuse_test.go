package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

func TestMisuseOfElements(t *testing.T) {
	step := func() *gorgonia.Node {
		return gorgonia.NewScalar(gorgonia.NewGraph(), gorgonia.Int32, gorgonia.WithName("step"))
	}
	targets := func(n int) *gorgonia.Node {
		return gorgonia.NewTensor(gorgonia.NewGraph(), gorgonia.Int32, 1, gorgonia.WithShape(n), gorgonia.WithName("targets"))
	}
	misuse(t, map[string]func(){
		"op: add: float32 (2, 3) and float32 (3, 2) do not broadcast": func() { op.Add(leaf(2, 3), leaf(3, 2)) },
		"op: dot: shapes float32 (2, 3) and float32 (3) differ":       func() { op.Dot(leaf(2, 3), leaf(3)) },
		"op: softmax: axis 2 of shape (2, 3)":                         func() { op.Softmax(leaf(2, 3), 2) },
		"op: reduce: axis -1 of shape (2, 3)":                         func() { op.Sum(leaf(2, 3), -1) },
		"op: reduce: axis 1 of shape [2 3] named twice":               func() { op.Max(leaf(2, 3), 1, 0, 1) },
		"op: broadcast: shape (2, 3) does not broadcast to [2 1]":     func() { op.Broadcast(leaf(2, 3), 2, 1) },
		"op: interpolate: x [2 3] to sizes []":                        func() { op.Interpolate(leaf(2, 3)) },
		"op: interpolate: x [2 3 4] to sizes [0]":                     func() { op.InterpolateLinear(leaf(2, 3, 4), 0) },
		"op: dropout: rate 1, want in [0,1)":                          func() { op.Dropout(leaf(2), step(), device.DropoutAttrs{Rate: 1, Run: 1}) },
		"op: dropout: runs of 2 elements in shape (3)":                func() { op.Dropout(leaf(3), step(), device.DropoutAttrs{Run: 2}) },
		"op: dropout: steps are float32":                              func() { op.Dropout(leaf(3), leaf(3), device.DropoutAttrs{Run: 1}) },
		"op: cross_entropy: smoothing 1, want in [0,1)":               func() { op.SmoothedCrossEntropy(leaf(2, 3), targets(2), 1) },
		"op: l2_normalize: x is a scalar":                             func() { op.Normalize(op.Sum(leaf(2))) },
	})
}
