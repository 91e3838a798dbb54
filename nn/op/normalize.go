package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// normalizeEps bounds a norm from below, as torch.nn.functional.normalize does.
const normalizeEps = 1e-12

// Normalize divides each row of x (…,D) by its Euclidean norm, or by 1e-12
// where that is larger.
func Normalize(x *gorgonia.Node) *gorgonia.Node {
	s := shapeOf(x)
	check(len(s) > 0, device.Normalize, "x is a scalar, want (…,D)")
	a := device.NormalizeAttrs{Eps: normalizeEps}
	o := &Op{kind: device.Normalize, attrs: a, out: TypeOf(x), wrt: []bool{true},
		saved: []device.Type{like(x, s[:len(s)-1]...)}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.NormalizeGrad, attrs: a, out: TypeOf(in[0]), reads: []*gorgonia.Node{out}}
		return gorgonia.Nodes{d.apply(dout, out)}
	}
	return o.apply(x)
}
