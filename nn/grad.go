package nn

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
)

// Grad adds the gradients of a scalar loss to its graph, one node for each
// parameter in order. A graph takes one Grad: Gorgonia keeps derivatives on
// nodes and would give wrong ones the second time, so a second is refused;
// add losses first. Parameters that do not reach the loss are an error.
func Grad(loss *gorgonia.Node, params []*gorgonia.Node) ([]*gorgonia.Node, error) {
	if !loss.IsScalar() {
		return nil, fmt.Errorf("nn: grad: loss has shape %v, want a scalar: reduce it with op.Sum or op.Mean", loss.Shape())
	}
	if len(params) == 0 {
		return nil, errors.New("nn: grad: no parameters: unfreeze some")
	}
	for _, n := range loss.Graph().AllNodes() {
		if n.Deriv() != nil {
			return nil, fmt.Errorf("nn: grad: graph was differentiated before (at %s): add losses and call Grad once", n.Name())
		}
	}
	reached := differentiable(loss)
	for _, p := range params {
		if !reached[p.ID()] {
			return nil, fmt.Errorf("nn: grad: parameter %s has no path to the loss: leave it out or freeze its scope", p.Name())
		}
	}
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		return nil, fmt.Errorf("nn: grad: %w", err)
	}
	return grads, nil
}

// differentiable finds the nodes from which gradient flows to the loss.
func differentiable(loss *gorgonia.Node) map[int64]bool {
	g := loss.Graph()
	seen := map[int64]bool{loss.ID(): true}
	for stack := []*gorgonia.Node{loss}; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		o, ok := n.Op().(gorgonia.SDOp)
		if !ok {
			continue
		}
		children := g.From(n.ID())
		wrt := o.DiffWRT(children.Len())
		for i := 0; children.Next(); i++ {
			child := children.Node().(*gorgonia.Node)
			if i < len(wrt) && wrt[i] && !seen[child.ID()] {
				seen[child.ID()] = true
				stack = append(stack, child)
			}
		}
	}
	return seen
}
