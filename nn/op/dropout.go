package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// DropoutStep names the leaf that counts steps, an int32 scalar, from which
// dropouts draw anew. plan.Machine.SetStep binds it.
const DropoutStep = "dropout.step"

// Dropout sets runs of elements of x to 0 at random and scales the others, so
// that the mean stays (arXiv:1207.0580). The mask follows from the attributes
// and step, an int32 scalar, alone: the gradient draws it again. Evaluation
// plans leave x as it is.
func Dropout(x, step *gorgonia.Node, a device.DropoutAttrs) *gorgonia.Node {
	checkIDs(step, device.Dropout, "steps")
	checkRank(step, device.Dropout, "step", 0)
	check(a.Rate >= 0 && a.Rate < 1, device.Dropout, "rate %g, want in [0,1)", a.Rate)
	check(a.Run > 0 && x.Shape().TotalSize()%a.Run == 0, device.Dropout, "runs of %d elements in shape %v", a.Run, x.Shape())
	o := &Op{kind: device.Dropout, attrs: a, out: TypeOf(x), wrt: []bool{true, false}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Dropout(dout, in[1], a), nil}
	}
	return o.apply(x, step)
}
