package optim

import (
	"math"
	"slices"
	"testing"
)

func TestNorms(t *testing.T) {
	long := make([]float32, 2*chunkElements+1)
	for i := range long {
		long[i] = 2
	}
	got := Norms([][]float32{{3, 0, 4}, {}, long})
	want := []float64{5, 0, 2 * math.Sqrt(float64(len(long)))}
	for i := range want {
		if !near(got[i], want[i]) {
			t.Errorf("norm %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func TestClipFactors(t *testing.T) {
	for _, tc := range []struct {
		name      string
		each, all float64
		want      []float64
	}{
		{"none", 0, 0, []float64{1, 1}},
		{"together, wide", 0, 10, []float64{1, 1}},
		{"together", 0, 1, []float64{1 / (5 + 1e-6), 1 / (5 + 1e-6)}},
		{"each", 3.5, 0, []float64{1, 3.5 / (4 + 1e-6)}},
	} {
		if got := ClipFactors([]float64{3, 4}, tc.each, tc.all); !slices.EqualFunc(got, tc.want, near) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	// Each comes down to 3 first, so that both have the same share of 1.
	got := ClipFactors([]float64{30, 40}, 3, 1)
	if a, b := 30*got[0], 40*got[1]; math.Abs(a-b) > 1e-6 || math.Abs(math.Hypot(a, b)-1) > 1e-6 {
		t.Errorf("each, then together: norms %v and %v", a, b)
	}
}

// clippedStep takes a step of plain descent at rate 1, which is the gradient.
func clippedStep(t *testing.T, change func(c *Config)) []float64 {
	t.Helper()
	c := Default()
	c.Name, c.Momentum = SGD, 0
	change(&c)
	p := []ParamOf[float64]{{Name: "v", Data: []float64{0}}, {Name: "w", Data: []float64{0, 0}}}
	o, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	g := [][]float64{{12}, {3, -4}}
	if err := o.Step(Rates{LR: 1}, g); err != nil {
		t.Fatal(err)
	}
	if g[0][0] != 12 || g[1][1] != -4 {
		t.Errorf("the gradients are now %v", g)
	}
	return []float64{-p[0].Data[0], -p[1].Data[0], -p[1].Data[1]}
}

func TestClippedSteps(t *testing.T) {
	within := func(norm, limit float64) float64 { return limit / (norm + 1e-6) }
	for _, tc := range []struct {
		name   string
		change func(c *Config)
		want   []float64
	}{
		{"all together", func(c *Config) { c.ClipNorm = 1 }, []float64{12 * within(13, 1), 3 * within(13, 1), -4 * within(13, 1)}},
		{"each tensor", func(c *Config) { c.ClipTensorNorm = 10 }, []float64{12 * within(12, 10), 3, -4}},
		{"each element", func(c *Config) { c.ClipValue = 3.5 }, []float64{3.5, 3, -3.5}},
		{"elements, then each tensor", func(c *Config) { c.ClipValue, c.ClipTensorNorm = 4, 2 },
			[]float64{4 * within(4, 2), 3 * within(5, 2), -4 * within(5, 2)}},
	} {
		if got := clippedStep(t, tc.change); !slices.EqualFunc(got, tc.want, near) {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}
