package op

import "gorgonia.org/gorgonia"

// Recompute marks the operation of a node, if it has one: a plan may drop its
// value after the forward pass and compute it again for the backward pass.
func Recompute(n *gorgonia.Node) {
	if o, ok := n.Op().(*Op); ok {
		o.recomputed = true
	}
}

// Recomputed tells whether Recompute marked the operation.
func (o *Op) Recomputed() bool { return o.recomputed }

// Backward tells whether the operation is part of a gradient.
func (o *Op) Backward() bool { return o.backward }
