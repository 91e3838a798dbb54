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

// lastConstant numbers constants, as Gorgonia merges leaves of equal name and
// type without looking at their values.
var lastConstant atomic.Uint64

// constant adds indices to g as a leaf that carries its value, so that no
// caller has to bind it.
func constant(g *gorgonia.ExprGraph, indices []int32) *gorgonia.Node {
	name := fmt.Sprintf("loss.targets.%d", lastConstant.Add(1))
	value := tensor.New(tensor.WithShape(len(indices)), tensor.WithBacking(indices))
	return gorgonia.NewTensor(g, tensor.Int32, 1,
		gorgonia.WithShape(len(indices)), gorgonia.WithName(name), gorgonia.WithValue(value))
}
