package op_test

import (
	"testing"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

func TestMisuseOfTransformers(t *testing.T) {
	attend := func(qkv []int, o op.AttentionOptions) func() {
		return func() { op.SelfAttention(leaf(qkv...), o) }
	}
	misuse(t, map[string]func(){
		"op: linear: x has shape [3], want":                         func() { op.Linear(leaf(3), leaf(2, 3), nil) },
		"op: linear: w float32 (2, 4) for x float32":                func() { op.Linear(leaf(5, 3), leaf(2, 4), nil) },
		"op: linear: b float32 (3) for w float32 (2, 3)":            func() { op.Linear(leaf(5, 3), leaf(2, 3), leaf(3)) },
		"op: batch_matmul: float32 [2 3 4] · float32 [3 4 5]":       func() { op.BatchMatMul(leaf(2, 3, 4), leaf(3, 4, 5), device.MatMulAttrs{}) },
		"op: batch_matmul: [2 3 4] · [2 5 4], {TransA:false":        func() { op.BatchMatMul(leaf(2, 3, 4), leaf(2, 5, 4), device.MatMulAttrs{}) },
		"op: layer_norm: parameter float32 (4) for x":               func() { op.LayerNorm(leaf(2, 3), leaf(4), leaf(4), device.LayerNormAttrs{}) },
		"op: attention: 2 heads for width 3":                        attend([]int{1, 2, 9}, op.AttentionOptions{Heads: 2}),
		"op: attention: qkv has width 4, want 3 times":              attend([]int{1, 2, 4}, op.AttentionOptions{Heads: 2}),
		"op: attention: mask float32 (1, 3) for 1 samples of 2":     attend([]int{1, 2, 6}, op.AttentionOptions{Heads: 2, Mask: leaf(1, 3)}),
		"op: attention: bias float32 (3, 2, 2) for 1 samples":       attend([]int{1, 2, 6}, op.AttentionOptions{Heads: 2, Bias: leaf(3, 2, 2)}),
		"op: attention: q float32 (1, 2, 4) for k float32 (1, 2, 6": func() { op.Attention(leaf(1, 2, 4), leaf(1, 2, 6), leaf(1, 2, 6), op.AttentionOptions{Heads: 2}) },
	})
}
