package op

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// BatchMatMul is a·b for each position of the leading axes, which are equal: a
// (…,M,K), or (…,K,M) with TransA, and b (…,K,P), or (…,P,K) with TransB, give
// (…,M,P). Of three axes and more.
func BatchMatMul(a, b *gorgonia.Node, attrs device.MatMulAttrs) *gorgonia.Node {
	sa, sb := shapeOf(a), shapeOf(b)
	lead := len(sa) - 2
	check(lead >= 1 && len(sb) == len(sa) && slices.Equal(sa[:lead], sb[:lead]) && a.Dtype() == b.Dtype(), device.BatchMatMul,
		"%v %v · %v %v: want the same leading axes, at least one", a.Dtype(), sa, b.Dtype(), sb)
	m, k := oriented(sa[lead:], attrs.TransA)
	k2, p := oriented(sb[lead:], attrs.TransB)
	check(k == k2, device.BatchMatMul, "%v · %v, %+v: inner sizes differ", sa, sb, attrs)
	o := &Op{kind: device.BatchMatMul, attrs: attrs, out: like(a, append(sa[:lead:lead], m, p)...), wrt: trueFor(2)}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{matMulGradA(BatchMatMul, in[1], dout, attrs), matMulGradB(BatchMatMul, in[0], dout, attrs)}
	}
	return o.apply(a, b)
}
