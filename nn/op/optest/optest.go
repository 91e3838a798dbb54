// Package optest proves operations: against plain loops, and their gradients
// against finite differences. It is for tests alone.
package optest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// Tolerances, relative to the largest value of the reference or 1.
const (
	// float64 sums of up to a few thousand terms: 1e3 roundings of 1e-16.
	tolerance64 = 1e-12
	// The same in float32, whose rounding is 6e-8.
	tolerance32 = 3e-5
	// Central differences of step 1e-5: truncation 1e-10 times the third
	// derivative, cancellation 1e-16/1e-5.
	differenceStep      = 1e-5
	differenceTolerance = 1e-7
)

// Input is one operand. Without Values it is drawn from a standard normal
// distribution.
type Input struct {
	Shape  []int
	Values []float64
	IDs    []int32 // makes the operand int32
	Fixed  bool    // gets no gradient
}

// Case is an operation on operands.
type Case struct {
	In    []Input
	Build func(in []*gorgonia.Node) *gorgonia.Node
	// Loops computes the same plainly, from row-major values.
	Loops func(in [][]float64) []float64
	Eval  bool // compile for evaluation instead of training
}

// AgainstLoops compares the operation with its plain reference: in float64 on
// the pure-Go kernels, in float32 on every back end of this machine.
func AgainstLoops(t *testing.T, c Case) {
	t.Helper()
	values := c.draw()
	want := c.Loops(values)
	for _, r := range runners(t) {
		g := c.graph(r.dtype)
		m := compile(t, r.be, c.Eval, g.out)
		g.let(t, m, values)
		run(t, m)
		compare(t, fmt.Sprintf("%s %s value", r.be.Name(), dtypeName(r.dtype)), read(t, m, g.out), want, r.tolerance)
	}
}

// Gradient compares the operation's gradients, of a random projection of its
// value, with finite differences in float64, and those of float32 back ends
// with the float64 ones.
func Gradient(t *testing.T, c Case) {
	t.Helper()
	values := c.draw()
	var exact [][]float64
	for _, r := range runners(t) {
		grads := c.gradients(t, r, values)
		if r.dtype == device.Float64 {
			c.checkDifferences(t, r.be, values, grads)
			exact = grads
			continue
		}
		for i := range grads {
			compare(t, fmt.Sprintf("%s float32 gradient %d", r.be.Name(), i), grads[i], exact[i], 10*r.tolerance)
		}
	}
}

// runner is a back end and an element type to test; float64 comes first.
type runner struct {
	be        device.Backend
	dtype     device.DType
	tolerance float64
}

func runners(t *testing.T) []runner {
	t.Helper()
	plain := open(t, "none")
	rs := []runner{{plain, device.Float64, tolerance64}, {plain, device.Float32, tolerance32}}
	if fast := open(t, ""); !strings.Contains(fast.Name(), "pure Go") {
		rs = append(rs, runner{fast, device.Float32, tolerance32})
	}
	return rs
}

func open(t *testing.T, library string) device.Backend {
	t.Helper()
	be, err := cpu.Open(cpu.Options{Threads: 2, Library: library})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return be
}

// draw fills the operands, always the same.
func (c Case) draw() [][]float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	values := make([][]float64, len(c.In))
	for i, in := range c.In {
		switch {
		case in.IDs != nil:
			for _, id := range in.IDs {
				values[i] = append(values[i], float64(id))
			}
		case in.Values != nil:
			values[i] = in.Values
		default:
			values[i] = normals(rng, int(device.Type{Shape: in.Shape}.Elements()))
		}
	}
	return values
}

func normals(rng *rand.Rand, n int) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = rng.NormFloat64()
	}
	return v
}

// network is the operation in a graph.
type network struct {
	in         []*gorgonia.Node
	out        *gorgonia.Node
	projection *gorgonia.Node // of out's shape
	loss       *gorgonia.Node
}

func (c Case) graph(dtype device.DType) network {
	g := gorgonia.NewGraph()
	var n network
	for i, in := range c.In {
		d := dtype
		if in.IDs != nil {
			d = device.Int32
		}
		n.in = append(n.in, leaf(g, fmt.Sprintf("in%d", i), d, in.Shape))
	}
	n.out = c.Build(n.in)
	n.projection = leaf(g, "projection", dtype, n.out.Shape())
	n.loss = op.Sum(op.Mul(n.out, n.projection))
	return n
}

func leaf(g *gorgonia.ExprGraph, name string, dtype device.DType, shape []int) *gorgonia.Node {
	t := op.GorgoniaDtype(dtype)
	if len(shape) == 0 {
		return gorgonia.NewScalar(g, t, gorgonia.WithName(name))
	}
	return gorgonia.NewTensor(g, t, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}

func compile(t *testing.T, be device.Backend, eval bool, outputs ...*gorgonia.Node) *plan.Machine {
	t.Helper()
	m, err := plan.Compile(be, plan.Options{Train: !eval}, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func (n network) let(t *testing.T, m *plan.Machine, values [][]float64) {
	t.Helper()
	for i, in := range n.in {
		bind(t, m, in, values[i])
	}
}

func bind(t *testing.T, m *plan.Machine, n *gorgonia.Node, v []float64) {
	t.Helper()
	if err := m.Let(n, as(n, v)); err != nil {
		t.Fatal(err)
	}
}

// as converts values to a node's element type.
func as(n *gorgonia.Node, v []float64) any {
	switch op.TypeOf(n).DType {
	case device.Int32:
		return convert[int32](v)
	case device.Float32:
		return convert[float32](v)
	}
	return v
}

func convert[T int32 | float32](v []float64) []T {
	c := make([]T, len(v))
	for i, x := range v {
		c[i] = T(x)
	}
	return c
}

func run(t *testing.T, m *plan.Machine) {
	t.Helper()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
}

// read returns a copy of an output.
func read(t *testing.T, m *plan.Machine, n *gorgonia.Node) []float64 {
	t.Helper()
	if op.TypeOf(n).DType == device.Float64 {
		v, err := m.Float64s(n)
		if err != nil {
			t.Fatal(err)
		}
		return append([]float64(nil), v...)
	}
	v, err := m.Float32s(n)
	if err != nil {
		t.Fatal(err)
	}
	c := make([]float64, len(v))
	for i, x := range v {
		c[i] = float64(x)
	}
	return c
}

func dtypeName(d device.DType) string {
	if d == device.Float64 {
		return "float64"
	}
	return "float32"
}

// compare fails where got is farther from want than tolerance times the
// largest value of want, or 1.
func compare(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d elements, want %d", what, len(got), len(want))
	}
	bound := tolerance
	for _, w := range want {
		bound = max(bound, tolerance*math.Abs(w))
	}
	for i := range got {
		if d := math.Abs(got[i] - want[i]); !(d <= bound) {
			t.Fatalf("%s: element %d is %g, want %g (difference %.2g, bound %.2g)", what, i, got[i], want[i], d, bound)
		}
	}
}
