package nn_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// dropNetwork is x (6,4) through two dropouts and a drop-path, and its gradient.
type dropNetwork struct {
	x, y, dx *gorgonia.Node
	store    *nn.Store
}

func newDropNetwork(t *testing.T, seed uint64) dropNetwork {
	t.Helper()
	g := gorgonia.NewGraph()
	n := dropNetwork{store: nn.NewStore(device.Float32)}
	s := nn.NewScope(g, n.store, seed)
	n.x = s.Param("x", []int{6, 4}, nn.Ones, nn.Weight)
	a := nn.Dropout(s.Sub("a"), n.x, .3)
	b := nn.Dropout(s.Sub("b"), n.x, .3)
	n.y = op.Concat(0, a, b, nn.DropPath(s, n.x, .5))
	grads, err := nn.Grad(op.Sum(n.y), s.Params())
	if err != nil {
		t.Fatal(err)
	}
	n.dx = grads[0]
	return n
}

// run gives y and dx of one step.
func (n dropNetwork) run(t *testing.T, threads, step int) (y, dx []float32) {
	t.Helper()
	be, err := cpu.Open(cpu.Options{Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	m, err := plan.Compile(be, plan.Options{Train: true, Params: n.store}, n.y, n.dx)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err == nil {
		t.Error("ran without a step")
	}
	if err := m.SetStep(step); err != nil {
		t.Fatal(err)
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	y, err = m.Float32s(n.y)
	if err != nil {
		t.Fatal(err)
	}
	dx, err = m.Float32s(n.dx)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(y), slices.Clone(dx)
}

// The same seed and step give the same masks in another graph on any threads;
// others give others, and so do two dropouts of one graph. With x of ones, the
// gradient of the sum is the sum of what each branch kept.
func TestDropoutMasks(t *testing.T) {
	n := newDropNetwork(t, 1)
	y, dx := n.run(t, 1, 5)
	again, dagain := newDropNetwork(t, 1).run(t, 3, 5)
	if !slices.Equal(y, again) || !slices.Equal(dx, dagain) {
		t.Error("the same seed and step differ")
	}
	if other, _ := n.run(t, 1, 6); slices.Equal(y, other) {
		t.Error("two steps draw the same masks")
	}
	if other, _ := newDropNetwork(t, 2).run(t, 1, 5); slices.Equal(y, other) {
		t.Error("two seeds draw the same masks")
	}
	if slices.Equal(y[:24], y[24:48]) {
		t.Error("two dropouts of a graph draw the same mask")
	}
	for i, d := range dx {
		if want := y[i] + y[24+i] + y[48+i]; d != want {
			t.Fatalf("gradient %d is %g, want %g", i, d, want)
		}
	}
	for r := range 6 {
		row := y[48+4*r : 52+4*r]
		if row[0] != 0 && row[0] != 2 || row[0] != row[1] || row[0] != row[3] {
			t.Errorf("drop-path of row %d: %v, want all 0 or all 2", r, row)
		}
	}
}

// Evaluation asks for no step, and rate 0 leaves no trace.
func TestDropoutInEvaluation(t *testing.T) {
	n := newDropNetwork(t, 1)
	be, err := cpu.Open(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	m, err := plan.Compile(be, plan.Options{Params: n.store}, n.y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.SetStep(3); err != nil {
		t.Error(err)
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	y, err := m.Float32s(n.y)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range y {
		if v != 1 {
			t.Fatalf("element %d is %g, want 1", i, v)
		}
	}
	s := nn.NewScope(gorgonia.NewGraph(), nn.NewStore(device.Float32), 1)
	x := s.Param("x", []int{2}, nn.Ones, nn.Weight)
	if nn.Dropout(s, x, 0) != x || nn.DropPath(s, x, 0) != x {
		t.Error("rate 0 added an operation")
	}
}

// A block that is computed again drops the same elements.
func TestDropoutRecomputed(t *testing.T) {
	gradient := func(wrap func(x *gorgonia.Node, f func(*gorgonia.Node) *gorgonia.Node) *gorgonia.Node) []float32 {
		n := dropNetwork{store: nn.NewStore(device.Float32)}
		s := nn.NewScope(gorgonia.NewGraph(), n.store, 1)
		n.x = s.Param("x", []int{8, 8}, nn.Normal(1), nn.Weight)
		n.y = wrap(n.x, func(x *gorgonia.Node) *gorgonia.Node { return op.Square(op.Exp(nn.Dropout(s, x, .5))) })
		grads, err := nn.Grad(op.Sum(n.y), s.Params())
		if err != nil {
			t.Fatal(err)
		}
		n.dx = grads[0]
		_, dx := n.run(t, 1, 9)
		return dx
	}
	plain := gradient(func(x *gorgonia.Node, f func(*gorgonia.Node) *gorgonia.Node) *gorgonia.Node { return f(x) })
	if again := gradient(nn.Recompute); !slices.Equal(plain, again) {
		t.Errorf("gradients %v, %v without recomputation", again, plain)
	}
}
