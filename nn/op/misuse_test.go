package op_test

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

func TestMisuse(t *testing.T) {
	misuse(t, map[string]func(){
		"op: matmul: float32 (2, 3) · float32 (2, 3)":               func() { x := leaf(2, 3); op.MatMul(x, x, device.MatMulAttrs{}) },
		"op: conv: x has shape [2 3]":                               func() { x := leaf(2, 3); op.Conv(x, x, device.ConvAttrs{}) },
		"op: conv: axis of 2 with padding 0 is shorter":             func() { op.Conv(leaf(1, 1, 2), leaf(1, 1, 3), device.ConvAttrs{}) },
		"op: max_pool: pad [2], [2] reaches past kernel [2]":        func() { op.MaxPool(leaf(1, 1, 4), device.PoolAttrs{Kernel: []int{2}, Pad: []int{2}}) },
		"op: cross_entropy: targets are float32":                    func() { x := leaf(2, 3); op.CrossEntropy(x, x) },
		"op: reshape: (2, 3) to [7]: numbers of elements differ":    func() { op.Reshape(leaf(2, 3), 7) },
		"op: batch_norm: parameter (2) for x (2, 3)":                func() { x := leaf(2); op.BatchNorm(leaf(2, 3), x, x, x, x, device.BatchNormAttrs{}) },
		"op: add_bias: bias (2) for x (2, 3)":                       func() { op.AddBias(leaf(2, 3), leaf(2)) },
		"op: masked_mean: mask float32 (2, 3) for x float32 (2, 4,": func() { op.MaskedMean(leaf(2, 4, 3), leaf(2, 3)) },
	})
}

// leaf is a float32 leaf of a graph of its own.
func leaf(dims ...int) *gorgonia.Node {
	g := gorgonia.NewGraph()
	return gorgonia.NewTensor(g, gorgonia.Float32, len(dims), gorgonia.WithShape(dims...), gorgonia.WithName("x"))
}

// misuse runs each case, which must panic with a message that begins so.
func misuse(t *testing.T, cases map[string]func()) {
	t.Helper()
	for want, build := range cases {
		t.Run(want, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, want) {
					t.Errorf("panic %q, want %q…", got, want)
				}
			}()
			build()
		})
	}
}
