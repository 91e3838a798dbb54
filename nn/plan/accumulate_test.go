package plan_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// classifier is a small network without batch statistics on rows of any number.
type classifier struct {
	store   *nn.Store
	x, t    *gorgonia.Node
	grads   []*gorgonia.Node
	outputs []*gorgonia.Node
}

func newClassifier(t *testing.T, dtype device.DType, batch int) *classifier {
	t.Helper()
	c := &classifier{store: nn.NewStore(dtype)}
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, c.store, 5)
	c.x = nn.Input(g, "x", dtype, batch, 3, 5, 5)
	c.t = nn.Input(g, "t", device.Int32, batch)
	y := nn.ReLU(nn.Conv(s.Sub("conv"), c.x, nn.ConvConfig{Out: 4, Kernel: []int{3, 3}, Bias: true}))
	loss := op.CrossEntropy(nn.Linear(s.Sub("head"), nn.GlobalMean(y), 3, true), c.t)
	var err error
	c.grads, err = nn.Grad(loss, s.Params())
	check(t, err)
	c.outputs = append([]*gorgonia.Node{loss}, c.grads...)
	return c
}

func (c *classifier) bind(t *testing.T, m *plan.Machine, x []float64, targets []int32) {
	t.Helper()
	if c.store.DType() == device.Float64 {
		check(t, m.Let(c.x, x))
	} else {
		x32 := make([]float32, len(x))
		for i, v := range x {
			x32[i] = float32(v)
		}
		check(t, m.Let(c.x, x32))
	}
	check(t, m.Let(c.t, targets))
}

// readAll copies gradients as float64.
func (c *classifier) readAll(t *testing.T, m *plan.Machine) (all []float64) {
	t.Helper()
	for _, g := range c.grads {
		if c.store.DType() == device.Float64 {
			v, err := m.Float64s(g)
			check(t, err)
			all = append(all, v...)
			continue
		}
		v, err := m.Float32s(g)
		check(t, err)
		for _, x := range v {
			all = append(all, float64(x))
		}
	}
	return all
}

// Gradients averaged over the parts of a batch are those of the whole batch, in
// float64 to rounding, on every back end.
func TestAccumulate(t *testing.T) {
	for _, tc := range []struct {
		dtype   device.DType
		library string
		bound   float64
	}{{device.Float64, "none", 1e-12}, {device.Float32, "none", 1e-6}, {device.Float32, "", 1e-6}} {
		be, err := cpu.Open(cpu.Options{Threads: 2, Library: tc.library})
		check(t, err)
		t.Cleanup(func() { check(t, be.Close()) })
		t.Run(fmt.Sprint(be.Name(), " ", tc.dtype), func(t *testing.T) { accumulates(t, be, tc.dtype, tc.bound) })
	}
}

func accumulates(t *testing.T, be device.Backend, dtype device.DType, bound float64) {
	const parts, each, size = 4, 3, 3 * 5 * 5
	rng := rand.New(rand.NewPCG(1, 2))
	x, targets := make([]float64, parts*each*size), make([]int32, parts*each)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	for i := range targets {
		targets[i] = int32(rng.IntN(3))
	}
	whole := newClassifier(t, dtype, parts*each)
	m := compile(t, be, plan.Options{Train: true, Params: whole.store}, whole.outputs...)
	whole.bind(t, m, x, targets)
	check(t, m.RunAll())
	want := whole.readAll(t, m)

	c := newClassifier(t, dtype, each)
	m = compile(t, be, plan.Options{Train: true, Params: c.store, Accumulate: c.grads}, c.outputs...)
	for range 2 { // a second time from zero
		check(t, m.ClearSums())
		for i := range parts {
			c.bind(t, m, x[i*each*size:(i+1)*each*size], targets[i*each:(i+1)*each])
			check(t, m.RunAll())
		}
		check(t, m.AverageSums())
		got := c.readAll(t, m)
		for i := range want {
			if d := math.Abs(got[i] - want[i]); !(d <= bound) {
				t.Fatalf("gradient entry %d: %g in parts, %g at once", i, got[i], want[i])
			}
		}
	}
}

// Sums live outside the arena, where gradients then need no lasting place.
func TestAccumulateMemory(t *testing.T) {
	be := openCPU(t, 1)
	n := newToy(t, nn.NewStore(device.Float32))
	kept := compile(t, be, plan.Options{Train: true, Params: n.store}, n.outputs()...)
	summed := compile(t, be, plan.Options{Train: true, Params: n.store, Accumulate: n.grads}, n.outputs()...)
	if summed.ArenaBytes() > kept.ArenaBytes() || summed.Steps() != kept.Steps()+len(n.grads) {
		t.Errorf("%d bytes in %d steps with sums, %d in %d without", summed.ArenaBytes(), summed.Steps(), kept.ArenaBytes(), kept.Steps())
	}
}

func TestAccumulateErrors(t *testing.T) {
	be := openCPU(t, 1)
	c := newClassifier(t, device.Float32, 2)
	for _, n := range []*gorgonia.Node{c.x, c.grads[0]} {
		_, err := plan.Compile(be, plan.Options{Params: c.store, Accumulate: []*gorgonia.Node{n}}, c.outputs[0])
		if err == nil || !strings.Contains(err.Error(), "not an operation among the outputs") {
			t.Errorf("accumulate %v: %v", n, err)
		}
	}
	m := compile(t, be, plan.Options{Params: c.store, Accumulate: c.grads}, c.outputs...)
	check(t, m.ClearSums())
	if err := m.AverageSums(); err == nil || !strings.Contains(err.Error(), "average of no runs") {
		t.Errorf("average of nothing: %v", err)
	}
}
