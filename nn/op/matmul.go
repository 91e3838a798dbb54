package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// MatMul multiplies matrices, each used transposed where the attributes say
// so: (M,K)·(K,P) -> (M,P).
func MatMul(a, b *gorgonia.Node, attrs device.MatMulAttrs) *gorgonia.Node {
	checkRank(a, device.MatMul, "a", 2)
	checkRank(b, device.MatMul, "b", 2)
	m, k := oriented(a.Shape(), attrs.TransA)
	k2, p := oriented(b.Shape(), attrs.TransB)
	check(k == k2 && a.Dtype() == b.Dtype(), device.MatMul, "%v %v · %v %v, %+v: inner sizes differ",
		a.Dtype(), a.Shape(), b.Dtype(), b.Shape(), attrs)
	o := &Op{kind: device.MatMul, attrs: attrs, out: like(a, m, p), wrt: []bool{true, true}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		return gorgonia.Nodes{matMulGradA(MatMul, in[1], dout, attrs), matMulGradB(MatMul, in[0], dout, attrs)}
	}
	return o.apply(a, b)
}

func oriented(shape []int, transposed bool) (rows, columns int) {
	if transposed {
		return shape[1], shape[0]
	}
	return shape[0], shape[1]
}

// product is MatMul or BatchMatMul.
type product func(a, b *gorgonia.Node, attrs device.MatMulAttrs) *gorgonia.Node

// With A and B the operands as used: dA = dY·Bᵀ, dB = Aᵀ·dY, transposed
// again where the operand was.
func matMulGradA(multiply product, b, dy *gorgonia.Node, t device.MatMulAttrs) *gorgonia.Node {
	if t.TransA {
		return multiply(b, dy, device.MatMulAttrs{TransA: t.TransB, TransB: true})
	}
	return multiply(dy, b, device.MatMulAttrs{TransB: !t.TransB})
}

func matMulGradB(multiply product, a, dy *gorgonia.Node, t device.MatMulAttrs) *gorgonia.Node {
	if t.TransB {
		return multiply(dy, a, device.MatMulAttrs{TransA: true, TransB: t.TransA})
	}
	return multiply(a, dy, device.MatMulAttrs{TransA: !t.TransA})
}
