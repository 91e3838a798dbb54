package encoder

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

// dropRun is the features of four clips, and in training also the gradient of
// the clips.
type dropRun struct {
	drop      float64
	train     bool
	recompute bool
	step      int
}

func (r dropRun) run(t *testing.T, e Entry) (features, gradient []float32) {
	t.Helper()
	c := Config{Width: 8, Layers: 3, Patch: 8, DropPath: r.drop, Recompute: r.recompute}
	store, g := nn.NewStore(device.Float32), gorgonia.NewGraph()
	s := nn.NewScope(g, store, 1)
	x := s.Param("x", []int{4, 3, 4, 32, 32}, nn.Normal(1), nn.Weight)
	f := e.Build(s, x, c)
	grads, err := nn.Grad(op.Sum(op.Square(f)), s.Params())
	if err != nil {
		t.Fatal(err)
	}
	outputs := []*gorgonia.Node{f}
	if r.train {
		outputs = append(outputs, grads[0])
	}
	be, err := cpu.Open(cpu.Options{Threads: 1, Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	m, err := plan.Compile(be, plan.Options{Train: r.train, Params: store}, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.SetStep(r.step); err != nil {
		t.Fatal(err)
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	var values [2][]float32
	for i, n := range outputs {
		v, err := m.Float32s(n)
		if err != nil {
			t.Fatal(err)
		}
		values[i] = slices.Clone(v)
	}
	return values[0], values[1]
}

// Training with drop path follows from seed and step, with and without
// recomputation; evaluation is the same as without.
func TestDropPath(t *testing.T) {
	for _, e := range []Entry{vitTinyEntry, timeSformerEntry, vivitEntry, mvitV1BEntry, mvitV2SEntry} {
		plain, _ := dropRun{train: true, step: 1}.run(t, e)
		f, df := dropRun{drop: .5, train: true, step: 1}.run(t, e)
		if slices.Equal(f, plain) {
			t.Errorf("%s: training with and without drop path is the same", e.Name)
		}
		for _, recompute := range []bool{false, true} {
			again, dagain := dropRun{drop: .5, train: true, step: 1, recompute: recompute}.run(t, e)
			if !slices.Equal(f, again) || !slices.Equal(df, dagain) {
				t.Errorf("%s: the same seed and step differ (recomputed: %v)", e.Name, recompute)
			}
		}
		if other, _ := (dropRun{drop: .5, train: true, step: 2}).run(t, e); slices.Equal(f, other) {
			t.Errorf("%s: two steps leave out the same", e.Name)
		}
		without, _ := dropRun{}.run(t, e)
		if with, _ := (dropRun{drop: .5}).run(t, e); !slices.Equal(with, without) {
			t.Errorf("%s: drop path changes evaluation", e.Name)
		}
	}
}

// The rate is that of timm's numpy.linspace(0, rate, blocks).
func TestDropPathRises(t *testing.T) {
	var rates []float64
	for i := range 5 {
		rates = append(rates, dropPathAt(.5, i, 5))
	}
	if want := []float64{0, .125, .25, .375, .5}; !slices.Equal(rates, want) {
		t.Errorf("rates %v, want %v", rates, want)
	}
	if rate := dropPathAt(.5, 0, 1); rate != 0 {
		t.Errorf("a single block drops at %g", rate)
	}
}
