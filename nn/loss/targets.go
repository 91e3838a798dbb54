// Package loss holds losses over embeddings and logits as functions on graph
// nodes, one file each, composed of the operations of nn/op. Every loss is a
// mean over its anchors, so that it starts near the logarithm of the number of
// candidates; its comment says by what factor the published code differs.
package loss

import (
	"fmt"
	"sync/atomic"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// lastTargets numbers leaves, as Gorgonia merges those of equal name and type
// without looking at their values.
var lastTargets atomic.Uint64

// Targets adds fixed targets (N) to g: a leaf that carries its value, so that
// nobody has to bind it.
func Targets(g *gorgonia.ExprGraph, indices []int32) *gorgonia.Node {
	name := fmt.Sprintf("loss.targets.%d", lastTargets.Add(1))
	value := tensor.New(tensor.WithShape(len(indices)), tensor.WithBacking(indices))
	return gorgonia.NewTensor(g, tensor.Int32, 1,
		gorgonia.WithShape(len(indices)), gorgonia.WithName(name), gorgonia.WithValue(value))
}

// Diagonal is the target i for row i of n.
func Diagonal(n int) []int32 {
	targets := make([]int32, n)
	for i := range targets {
		targets[i] = int32(i)
	}
	return targets
}
