package op_test

import (
	"testing"

	"github.com/clvid/clvid/nn/op"
)

func TestMisuseOfElements(t *testing.T) {
	misuse(t, map[string]func(){
		"op: add: float32 (2, 3) and float32 (3, 2) do not broadcast": func() { op.Add(leaf(2, 3), leaf(3, 2)) },
		"op: dot: shapes float32 (2, 3) and float32 (3) differ":       func() { op.Dot(leaf(2, 3), leaf(3)) },
		"op: softmax: axis 2 of shape (2, 3)":                         func() { op.Softmax(leaf(2, 3), 2) },
		"op: reduce: axis -1 of shape (2, 3)":                         func() { op.Sum(leaf(2, 3), -1) },
		"op: reduce: axis 1 of shape [2 3] named twice":               func() { op.Max(leaf(2, 3), 1, 0, 1) },
		"op: broadcast: shape (2, 3) does not broadcast to [2 1]":     func() { op.Broadcast(leaf(2, 3), 2, 1) },
		"op: l2_normalize: x is a scalar":                             func() { op.Normalize(op.Sum(leaf(2))) },
	})
}
