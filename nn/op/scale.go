package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Scale multiplies each element by a constant.
func Scale(x *gorgonia.Node, factor float64) *gorgonia.Node {
	o := &Op{kind: device.Scale, attrs: device.ScaleAttrs{Factor: factor}, out: TypeOf(x), wrt: []bool{true}}
	o.grad = func(_ gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{Scale(dout, factor)}
	}
	return o.apply(x)
}
