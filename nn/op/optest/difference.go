package optest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/plan"
)

// trained lists the operands that get a gradient.
func (c Case) trained() []int {
	var is []int
	for i, in := range c.In {
		if in.IDs == nil && !in.Fixed {
			is = append(is, i)
		}
	}
	return is
}

// project draws the weights of the projection.
func (n network) project() []float64 {
	return normals(rand.New(rand.NewPCG(3, 4)), n.out.Shape().TotalSize())
}

// gradients computes those of the trained operands.
func (c Case) gradients(t *testing.T, r runner, values [][]float64) [][]float64 {
	t.Helper()
	g := c.graph(r.dtype)
	var leaves []*gorgonia.Node
	for _, i := range c.trained() {
		leaves = append(leaves, g.in[i])
	}
	nodes, err := gorgonia.Grad(g.loss, leaves...)
	if err != nil {
		t.Fatal(err)
	}
	m := compile(t, r.be, c.Eval, nodes...)
	for i, in := range g.in {
		// A gradient may not need a value: that of a sum needs no addend.
		_ = m.Let(in, as(in, values[i]))
	}
	bind(t, m, g.projection, g.project())
	run(t, m)
	var grads [][]float64
	for _, n := range nodes {
		grads = append(grads, read(t, m, n))
	}
	return grads
}

// checkDifferences compares gradients with central differences of the loss.
func (c Case) checkDifferences(t *testing.T, be device.Backend, values, grads [][]float64) {
	t.Helper()
	g := c.graph(device.Float64)
	m := compile(t, be, c.Eval, g.loss)
	g.let(t, m, values)
	bind(t, m, g.projection, g.project())
	for j, i := range c.trained() {
		want := make([]float64, len(values[i]))
		for e := range want {
			want[e] = (g.lossAt(t, m, values, i, e, differenceStep) - g.lossAt(t, m, values, i, e, -differenceStep)) / (2 * differenceStep)
		}
		bind(t, m, g.in[i], values[i])
		compare(t, fmt.Sprintf("gradient of operand %d by finite differences", i), grads[j], want, differenceTolerance)
	}
}

// lossAt is the loss with element e of operand i moved by h.
func (n network) lossAt(t *testing.T, m *plan.Machine, values [][]float64, i, e int, h float64) float64 {
	t.Helper()
	moved := append([]float64(nil), values[i]...)
	moved[e] += h
	bind(t, m, n.in[i], moved)
	run(t, m)
	loss, err := m.Scalar(n.loss)
	if err != nil {
		t.Fatal(err)
	}
	return loss
}
