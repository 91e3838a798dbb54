package op_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// dropped is a case of one step.
func dropped(a device.DropoutAttrs, step int32, shape ...int) optest.Case {
	return optest.Case{
		In:    []optest.Input{{Shape: shape}, {Shape: []int{}, IDs: []int32{step}}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Dropout(in[0], in[1], a) },
		Loops: func(in [][]float64) []float64 {
			y, keeps := slices.Clone(in[0]), a.Keeps(step)
			for i := range y {
				y[i] /= 1 - a.Rate
				if !keeps(uint32(i / a.Run)) {
					y[i] = 0
				}
			}
			return y
		},
	}
}

// The gradient, against differences of the same step, draws the same mask.
func TestDropout(t *testing.T) {
	for _, tc := range []struct {
		name  string
		run   int
		shape []int
	}{
		{"elements", 1, []int{4, 5, 3}},
		{"samples", 15, []int{4, 5, 3}},
		{"channels", 6, []int{2, 4, 1, 2, 3}},
		{"one", 1, []int{}},
	} {
		for _, rate := range []float64{.3, .75, 0} {
			prove(t, tc.name, dropped(device.DropoutAttrs{Rate: rate, Seed: 3, Stream: 1, Run: tc.run}, 17, tc.shape...))
		}
	}
	// More than one task, on several threads.
	optest.AgainstLoops(t, dropped(device.DropoutAttrs{Rate: .5, Run: 1}, -1, 300, 200))
}

func TestDropoutInEvaluation(t *testing.T) {
	c := dropped(device.DropoutAttrs{Rate: .5, Run: 1}, 0, 4, 6)
	c.Eval = true
	c.In = c.In[:1] // the step is not asked for
	c.Build = func(in []*gorgonia.Node) *gorgonia.Node {
		step := gorgonia.NewScalar(in[0].Graph(), gorgonia.Int32, gorgonia.WithName("step"))
		return op.Dropout(in[0], step, device.DropoutAttrs{Rate: .5, Run: 1})
	}
	c.Loops = func(in [][]float64) []float64 { return in[0] }
	optest.AgainstLoops(t, c)
	optest.Gradient(t, c)
}

// The expected value is x: over many elements the mean of ones stays within 5
// standard deviations.
func TestDropoutKeepsTheMean(t *testing.T) {
	const n = 40000
	c := dropped(device.DropoutAttrs{Rate: .4, Seed: 5, Run: 1}, 2, n)
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	mean := total(c.Loops([][]float64{ones})) / n
	if deviation := math.Sqrt(.4 / .6 / n); math.Abs(mean-1) > 5*deviation {
		t.Errorf("mean %g, want 1±%g", mean, deviation)
	}
}
