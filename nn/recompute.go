package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// Recompute is f(x), whose inner values are not kept for the backward pass:
// plans with gradients drop them and compute them again just before they are
// needed, up to the same bits. That trades about a third more arithmetic for the
// memory of all but one activation of a block (Chen et al., arXiv:1604.06174).
// Running statistics move once all the same, and what f draws at random, such
// as dropout, is drawn once. Wrap blocks whose result is the only value used
// elsewhere; inside another Recompute the outer one holds.
func Recompute(x *gorgonia.Node, f func(x *gorgonia.Node) *gorgonia.Node) *gorgonia.Node {
	g := x.Graph()
	before := len(g.AllNodes())
	y := f(x)
	for _, n := range g.AllNodes()[before:] {
		if n != y {
			op.Recompute(n)
		}
	}
	return y
}
