package plan_test

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// Gorgonia adds gradients where a node feeds several others. Ones of all
// shapes, as Gorgonia takes some shapes of one element for scalars.
func TestFanOut(t *testing.T) {
	for _, shape := range [][]int{{}, {1}, {1, 1}, {4}, {1, 4}, {4, 1}, {1, 1, 1, 1}, {2, 1, 3, 1, 2}} {
		g := gorgonia.NewGraph()
		x := nn.Input(g, "x", device.Float64, shape...)
		// 2x + e^x + x·x + x
		y := op.Add(op.Add(op.Scale(x, 2), op.Exp(x)), op.Add(op.Mul(x, x), x))
		loss := op.Sum(y)
		grads, err := nn.Grad(loss, []*gorgonia.Node{x})
		check(t, err)
		m := compile(t, openCPU(t, 1), plan.Options{}, grads[0])
		v := make([]float64, x.Shape().TotalSize())
		for i := range v {
			v[i] = 0.1 * float64(i)
		}
		check(t, m.Let(x, v))
		check(t, m.RunAll())
		got, err := m.Float64s(grads[0])
		check(t, err)
		for i, x := range v {
			if want := 3 + math.Exp(x) + 2*x; math.Abs(got[i]-want) > 1e-14 {
				t.Errorf("shape %v: gradient %g at %g, want %g", shape, got[i], x, want)
			}
		}
	}
}

// The planner knows Gorgonia's own addition by its text alone, as its type is
// not exported.
func TestForeignOperations(t *testing.T) {
	g := gorgonia.NewGraph()
	x := nn.Input(g, "x", device.Float32, 3)
	if sum := gorgonia.Must(gorgonia.Add(x, op.ReLU(x))); sum.Op().String() != "+ false" {
		t.Errorf("Gorgonia's addition prints as %q: adapt foreignAdd", sum.Op())
	}
	_, err := plan.Compile(openCPU(t, 1), plan.Options{}, gorgonia.Must(gorgonia.Sub(x, op.ReLU(x))))
	if err == nil || !strings.Contains(err.Error(), "build graphs with nn and nn/op") {
		t.Errorf("a foreign operation gives %v", err)
	}
}

func TestSharedWeights(t *testing.T) {
	g := gorgonia.NewGraph()
	store := nn.NewStore(device.Float64)
	s := nn.NewScope(g, store, 1)
	a, b := nn.Input(g, "a", device.Float64, 2, 3), nn.Input(g, "b", device.Float64, 2, 3)
	y := op.Dot(nn.Linear(s, a, 4, false), nn.Linear(s.Shared(), b, 4, false), 1)
	grads, err := nn.Grad(op.Sum(y), s.Params())
	check(t, err)
	if len(s.Params()) != 1 {
		t.Fatalf("%d parameters, want the shared one", len(s.Params()))
	}
	m := compile(t, openCPU(t, 1), plan.Options{Params: store}, grads...)
	va, vb := []float64{1, 2, 3, 4, 5, 6}, []float64{6, 5, 4, 3, 2, 1}
	check(t, m.Let(a, va))
	check(t, m.Let(b, vb))
	check(t, m.RunAll())
	got, err := m.Float64s(grads[0])
	check(t, err)
	// d/dW Σ (Wa)·(Wb) = Σ W(baᵀ + abᵀ)
	w, _ := store.Lookup("weight")
	for k := range 4 {
		for j := range 3 {
			want := 0.0
			for n := range 2 {
				for i := range 3 {
					want += w.F64[k*3+i] * (vb[n*3+i]*va[n*3+j] + va[n*3+i]*vb[n*3+j])
				}
			}
			if math.Abs(got[k*3+j]-want) > 1e-12 {
				t.Errorf("gradient (%d,%d) is %g, want %g", k, j, got[k*3+j], want)
			}
		}
	}
}

// With the key side stopped, the shared weights get the query side's gradient
// alone.
func TestStopGradient(t *testing.T) {
	gradient := func(stop bool) []float64 {
		g := gorgonia.NewGraph()
		store := nn.NewStore(device.Float64)
		s := nn.NewScope(g, store, 1)
		x := nn.Input(g, "x", device.Float64, 2, 3)
		q := nn.Linear(s, x, 4, false)
		k := op.StopGradient(q)
		if !stop { // an untrained copy of the weights instead
			copied := nn.Input(g, "copy", device.Float64, 4, 3)
			k = op.MatMul(x, copied, device.MatMulAttrs{TransB: true})
		}
		grads, err := nn.Grad(op.Dot(q, k), s.Params())
		check(t, err)
		m := compile(t, openCPU(t, 1), plan.Options{Params: store}, grads...)
		check(t, m.Let(x, []float64{1, 2, 3, 4, 5, 6}))
		if !stop {
			w, _ := store.Lookup("weight")
			check(t, m.Let(g.ByName("copy")[0], w.F64))
		}
		check(t, m.RunAll())
		v, err := m.Float64s(grads[0])
		check(t, err)
		return append([]float64{}, v...)
	}
	stopped, apart := gradient(true), gradient(false)
	for i := range stopped {
		if stopped[i] != apart[i] {
			t.Fatalf("element %d: %g with stop, %g with a copy", i, stopped[i], apart[i])
		}
	}
}

// raw makes a leaf past the checks of nn.Input.
func raw(g *gorgonia.ExprGraph, name string, size int) *gorgonia.Node {
	return gorgonia.NewVector(g, gorgonia.Float32, gorgonia.WithShape(size), gorgonia.WithName(name))
}

func closedRun(t *testing.T, be device.Backend, out *gorgonia.Node) error {
	t.Helper()
	m := compile(t, be, plan.Options{}, out)
	check(t, m.Close())
	return m.RunAll()
}

func TestErrors(t *testing.T) {
	be := openCPU(t, 1)
	g := gorgonia.NewGraph()
	x, ids := nn.Input(g, "x", device.Float32, 2, 3), nn.Input(g, "ids", device.Int32, 1, 2)
	m := compile(t, be, plan.Options{}, op.Gather(x, 0, ids), op.Exp(x))
	targets := nn.Input(g, "targets", device.Int32, 2)
	ce := compile(t, be, plan.Options{}, op.CrossEntropy(x, targets))
	check(t, ce.Let(x, make([]float32, 6)))
	check(t, ce.Let(targets, []int32{0, 3}))
	_, unread := m.Float32s(x)
	_, none := plan.Compile(be, plan.Options{})
	_, twins := plan.Compile(be, plan.Options{}, op.Add(raw(g, "twin", 2), op.Sum(raw(g, "twin", 3))))
	unbound := m.RunAll()
	check(t, m.Let(x, make([]float32, 6)))
	check(t, m.Let(ids, []int32{0, 2}))
	for want, err := range map[string]error{
		"plan: no outputs":                  none,
		"machine is closed":                 closedRun(t, be, op.Exp(x)),
		`two leaves are called "twin"`:      twins,
		"plan: output x was not asked for":  unread,
		"is not bound: call Let first":      unbound,
		"[]float64 of 6 elements, want flo": m.Let(x, make([]float64, 6)),
		"[]float32 of 5 elements, want flo": m.Let(x, make([]float32, 5)),
		"string, want []float32":            m.Let(x, "x"),
		"id 2 at position 1, want in [0,2)": m.RunAll(),
		"gather x ids #":                    m.RunAll(), // names the node
		"target 3 of row 1, want below 3":   ce.RunAll(),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want …%s…", err, want)
		}
	}
}
