package plan_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// toy is a small 3-D residual network with a classification loss.
type toy struct {
	store   *nn.Store
	scope   nn.Scope
	x       *gorgonia.Node // (N,C,T,H,W)
	targets *gorgonia.Node // (N)
	z, loss *gorgonia.Node
	grads   []*gorgonia.Node
}

const toyBatch, toyClasses = 6, 3

var toyShape = []int{toyBatch, 2, 4, 8, 8}

func newToy(t *testing.T, store *nn.Store) *toy {
	t.Helper()
	n := &toy{store: store}
	g := gorgonia.NewGraph()
	n.scope = nn.NewScope(g, n.store, 7)
	n.x = nn.Input(g, "x", store.DType(), toyShape...)
	n.targets = nn.Input(g, "targets", device.Int32, toyBatch)
	n.z = toyNet(n.scope, n.x)
	n.loss = op.CrossEntropy(nn.Linear(n.scope.Sub("head"), n.z, toyClasses, true), n.targets)
	var err error
	if n.grads, err = nn.Grad(n.loss, n.scope.Params()); err != nil {
		t.Fatal(err)
	}
	return n
}

func toyNet(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	k, p := []int{3, 3, 3}, []int{1, 1, 1}
	x = nn.Conv(s.Sub("stem"), x, nn.ConvConfig{Out: 4, Kernel: k, Stride: []int{1, 2, 2}, Pad: p})
	x = nn.ReLU(nn.BatchNorm(s.Sub("bn0"), x))
	y := nn.Conv(s.Sub("conv1"), x, nn.ConvConfig{Out: 4, Kernel: k, Pad: p})
	y = nn.ReLU(nn.BatchNorm(s.Sub("bn1"), y))
	y = nn.BatchNorm(s.Sub("bn2"), nn.Conv(s.Sub("conv2"), y, nn.ConvConfig{Out: 4, Kernel: k, Pad: p}))
	x = nn.ReLU(op.Add(x, y)) // x feeds two: a fan-out
	return op.Normalize(nn.GlobalMean(nn.MaxPool(x, []int{2, 2, 2}, nil, nil)))
}

// bind gives the toy a batch that depends on seed, as three separable classes.
func (n *toy) bind(t *testing.T, m *plan.Machine, seed uint64) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n.x.Shape().TotalSize())
	targets := make([]int32, toyBatch)
	each := len(x) / toyBatch
	for i := range targets {
		targets[i] = int32(i % toyClasses)
		for j := range each {
			wave := math.Sin(float64(j) * float64(1+targets[i]))
			x[i*each+j] = float32(wave + 0.1*rng.NormFloat64())
		}
	}
	check(t, m.Let(n.x, x))
	check(t, m.Let(n.targets, targets))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func openCPU(t *testing.T, threads int) device.Backend {
	t.Helper()
	be, err := cpu.Open(cpu.Options{Threads: threads, Library: "none"})
	check(t, err)
	t.Cleanup(func() { check(t, be.Close()) })
	return be
}

func compile(t *testing.T, be device.Backend, o plan.Options, outputs ...*gorgonia.Node) *plan.Machine {
	t.Helper()
	m, err := plan.Compile(be, o, outputs...)
	check(t, err)
	t.Cleanup(func() { check(t, m.Close()) })
	return m
}

// step takes one step of plain gradient descent and returns the loss.
func (n *toy) step(t *testing.T, m *plan.Machine, rate float32) float64 {
	t.Helper()
	check(t, m.RunAll())
	for i, p := range n.scope.Params() {
		d, err := m.Float32s(n.grads[i])
		check(t, err)
		v, _ := n.store.Lookup(p.Name())
		for j := range d {
			v.F32[j] -= rate * d[j]
		}
	}
	loss, err := m.Scalar(n.loss)
	check(t, err)
	return loss
}

func (n *toy) outputs() []*gorgonia.Node {
	return append([]*gorgonia.Node{n.loss, n.z}, n.grads...)
}

// The network learns on the pure-Go kernels and on those found at run time.
func TestTraining(t *testing.T) {
	for _, library := range []string{"none", ""} {
		be, err := cpu.Open(cpu.Options{Threads: 2, Library: library})
		check(t, err)
		t.Run(be.Name(), func(t *testing.T) { learn(t, be) })
		check(t, be.Close())
	}
}

func learn(t *testing.T, be device.Backend) {
	n := newToy(t, nn.NewStore(device.Float32))
	m := compile(t, be, plan.Options{Train: true, Params: n.store}, n.outputs()...)
	n.bind(t, m, 1)
	first, last := n.step(t, m, 0.5), 0.0
	for range 60 {
		last = n.step(t, m, 0.5)
	}
	t.Logf("loss %.4f to %.4f, arena %d bytes, %d steps", first, last, m.ArenaBytes(), m.Steps())
	if math.Abs(first-math.Log(toyClasses)) > 0.5 || last > 0.2 {
		t.Fatalf("loss went from %g to %g, want about ln 3 to below 0.2", first, last)
	}
}

// refusing is a back end that takes no data, and knows what is allocated.
type refusing struct {
	device.Backend
	live map[device.Mem]bool
}

func (r *refusing) Alloc(bytes int64) (device.Mem, error) {
	m, err := r.Backend.Alloc(bytes)
	if err == nil {
		r.live[m] = true
	}
	return m, err
}

func (r *refusing) Free(m device.Mem) {
	delete(r.live, m)
	r.Backend.Free(m)
}

func (r *refusing) Upload(device.Mem, device.Value, []byte) error { return errors.New("refused") }

// A program whose constants cannot be bound gives its memory back.
func TestCompileFreesAfterFailedConstants(t *testing.T) {
	be := &refusing{openCPU(t, 1), map[device.Mem]bool{}}
	g := gorgonia.NewGraph()
	x := nn.Input(g, "x", device.Float32, 3)
	half := gorgonia.NewTensor(g, gorgonia.Float32, 1, gorgonia.WithName("half"), gorgonia.WithShape(3),
		gorgonia.WithValue(tensor.New(tensor.WithBacking([]float32{.5, .5, .5}))))
	m, err := plan.Compile(be, plan.Options{}, op.Add(x, half))
	if m != nil || err == nil || !strings.Contains(err.Error(), "let half: refused") || len(be.live) > 0 {
		t.Errorf("got machine %v, error %v, %d blocks of memory", m, err, len(be.live))
	}
}

// Running statistics are leaves: a copy of them would be updated and lost.
func TestCompileRefusesUpdatesOfResults(t *testing.T) {
	store := nn.NewStore(device.Float32)
	g := gorgonia.NewGraph()
	x, c := nn.Input(g, "x", device.Float32, 2, 3), []*gorgonia.Node(nil)
	for _, name := range []string{"gamma", "beta", "mean", "variance"} {
		c = append(c, nn.Input(g, name, device.Float32, 3))
	}
	z := op.BatchNorm(x, c[0], c[1], op.Add(c[2], c[2]), c[3], device.BatchNormAttrs{Eps: 1e-5})
	_, err := plan.Compile(openCPU(t, 1), plan.Options{Train: true, Params: store}, z)
	if err == nil || !strings.Contains(err.Error(), "input 3 is updated in place") || !strings.Contains(err.Error(), "Scope.Buffer") {
		t.Errorf("got %v", err)
	}
}
