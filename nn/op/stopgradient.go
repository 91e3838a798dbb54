package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// StopGradient is x; no gradient passes to it.
func StopGradient(x *gorgonia.Node) *gorgonia.Node {
	o := &Op{kind: device.StopGradient, out: TypeOf(x), wrt: []bool{false}}
	return o.apply(x)
}
