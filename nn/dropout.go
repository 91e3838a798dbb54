package nn

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// Dropout sets elements of x to 0 with probability rate, in [0,1), in training,
// and multiplies the others by 1/(1-rate) (arXiv:1207.0580). Masks follow from
// the scope's seed, the number of dropouts before this one in the graph, the
// step (plan.Machine.SetStep) and the element.
func Dropout(s Scope, x *gorgonia.Node, rate float64) *gorgonia.Node { return dropout(s, x, rate, 1) }

// DropPath is Dropout of whole samples of x (N,…), to be used on the residual
// branch (arXiv:1603.09382).
func DropPath(s Scope, x *gorgonia.Node, rate float64) *gorgonia.Node {
	return dropout(s, x, rate, x.Shape().TotalSize()/x.Shape()[0])
}

func dropout(s Scope, x *gorgonia.Node, rate float64, run int) *gorgonia.Node {
	if rate == 0 {
		return x
	}
	a := device.DropoutAttrs{Rate: rate, Seed: s.seed, Stream: dropouts(s.graph), Run: run}
	return op.Dropout(x, dropoutStep(s.graph), a)
}

// dropoutStep is the leaf that all dropouts of a graph share.
func dropoutStep(g *gorgonia.ExprGraph) *gorgonia.Node {
	if old := g.ByName(op.DropoutStep); len(old) > 0 {
		return old[0]
	}
	return Input(g, op.DropoutStep, device.Int32)
}

// dropouts counts those of a graph, of whatever scope.
func dropouts(g *gorgonia.ExprGraph) uint32 {
	n := uint32(0)
	for _, node := range g.AllNodes() {
		if o, ok := node.Op().(*op.Op); ok && o.Kind() == device.Dropout {
			n++
		}
	}
	return n
}
