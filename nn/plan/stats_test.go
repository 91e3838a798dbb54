package plan_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/plan"
)

// Training updates the running statistics in the store as PyTorch does, with
// the unbiased variance; evaluation uses them and leaves them alone. Both
// plans are of one graph over one store.
func TestRunningStatistics(t *testing.T) {
	g := gorgonia.NewGraph()
	store := nn.NewStore(device.Float64)
	x := nn.Input(g, "x", device.Float64, 4, 1)
	y := nn.BatchNorm(nn.NewScope(g, store, 1).Sub("bn"), x)
	be := openCPU(t, 1)
	train := compile(t, be, plan.Options{Train: true, Params: store}, y)
	eval := compile(t, be, plan.Options{Params: store}, y)
	batch := []float64{1, 2, 3, 6} // mean 3, biased variance 3.5, unbiased 14/3
	check(t, train.Let(x, batch))
	check(t, eval.Let(x, batch))

	run := func(m *plan.Machine) []float64 {
		check(t, m.RunAll())
		v, err := m.Float64s(y)
		check(t, err)
		return v
	}
	near(t, "training output", run(train)[0], (1-3)/math.Sqrt(3.5+1e-5))
	mean, _ := store.Lookup("bn.running_mean")
	variance, _ := store.Lookup("bn.running_var")
	near(t, "running mean", mean.F64[0], 0.1*3)
	near(t, "running variance", variance.F64[0], 0.9*1+0.1*14/3)

	near(t, "evaluation output", run(eval)[0], (1-mean.F64[0])/math.Sqrt(variance.F64[0]+1e-5))
	near(t, "running mean after evaluation", mean.F64[0], 0.3)
	run(train)
	near(t, "running mean after two steps", mean.F64[0], 0.9*0.3+0.1*3)
}

// Frozen statistics are used in training and stay; splits add the mean of
// theirs, with the momentum asked for.
func TestRunningStatisticsOfOptions(t *testing.T) {
	g := gorgonia.NewGraph()
	store := nn.NewStore(device.Float64)
	s := nn.NewScope(g, store, 1)
	x := nn.Input(g, "x", device.Float64, 4, 1)
	frozen := nn.BatchNormWith(s.Sub("frozen"), x, nn.NormConfig{Frozen: true, Eps: 1})
	split := nn.BatchNormWith(s.Sub("split"), x, nn.NormConfig{Splits: 2, Momentum: 0.25, Gamma: nn.Zeros})
	m := compile(t, openCPU(t, 1), plan.Options{Train: true, Params: store}, frozen, split)
	check(t, m.Let(x, []float64{1, 2, 3, 6})) // means 1.5 and 4.5, unbiased variances 0.5 and 4.5
	check(t, m.RunAll())
	v, err := m.Float64s(frozen)
	check(t, err)
	near(t, "frozen output", v[3], 6/math.Sqrt2) // of mean 0 and variance 1 + eps
	v, err = m.Float64s(split)
	check(t, err)
	near(t, "split output by a gamma of 0", v[3], 0)
	for name, want := range map[string]float64{"frozen.running_mean": 0, "frozen.running_var": 1,
		"split.running_mean": 0.25 * 3, "split.running_var": 0.75 + 0.25*2.5} {
		stored, _ := store.Lookup(name)
		near(t, name, stored.F64[0], want)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s is %g, want %g", what, got, want)
	}
}

// Parameters are borrowed, not copied: what an optimiser writes is used by
// every plan at once.
func TestPlansShareAStore(t *testing.T) {
	store := nn.NewStore(device.Float32)
	be := openCPU(t, 1)
	machine := func(batch int) (*plan.Machine, *gorgonia.Node) {
		g := gorgonia.NewGraph()
		x := nn.Input(g, "x", device.Float32, batch, 2)
		y := nn.Linear(nn.NewScope(g, store, 1), x, 1, false)
		m := compile(t, be, plan.Options{Params: store}, y)
		check(t, m.Let(x, make([]float32, 2*batch)))
		ones := make([]float32, 2*batch)
		for i := range ones {
			ones[i] = 1
		}
		check(t, m.Let(x, ones))
		return m, y
	}
	m1, y1 := machine(1)
	m3, y3 := machine(3)
	w, _ := store.Lookup("weight")
	w.F32[0], w.F32[1] = 2, 5
	for m, y := range map[*plan.Machine]*gorgonia.Node{m1: y1, m3: y3} {
		check(t, m.RunAll())
		v, err := m.Float32s(y)
		check(t, err)
		if v[0] != 7 {
			t.Errorf("output %g, want 7", v[0])
		}
	}
}

func TestStoreClashIsAnError(t *testing.T) {
	store := nn.NewStore(device.Float32)
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, store, 1)
	nn.Linear(s, nn.Input(g, "x", device.Float32, 1, 2), 3, true)
	other := gorgonia.NewGraph()
	y := nn.Linear(nn.NewScope(other, store, 1), nn.Input(other, "x", device.Float32, 1, 4), 3, true)
	if _, err := plan.Compile(openCPU(t, 1), plan.Options{Params: store}, y); err == nil {
		t.Error("compiled a graph whose parameter has another shape in the store")
	}
}
