package optim

import (
	"math"
	"slices"
	"testing"
)

// larsLoops is LARS and LARC from the formulas, on one tensor: the ratio, and
// the gradient with its decay.
type larsLoops func(c Config, lr, decay float64, w, g []float64) (ratio float64, d []float64)

func norm(v []float64) float64 {
	s := 0.
	for _, x := range v {
		s += x * x
	}
	return math.Sqrt(s)
}

func decayed(decay float64, w, g []float64) []float64 {
	d := slices.Clone(g)
	for i := range d {
		d[i] += decay * w[i]
	}
	return d
}

func classicLoops(_ Config, _, decay float64, w, g []float64) (float64, []float64) {
	d := decayed(decay, w, g)
	if norm(w) == 0 || norm(d) == 0 {
		return 1, d
	}
	return .001 * norm(w) / norm(d), d
}

func larcLoops(eta float64, cap bool) larsLoops {
	return func(c Config, lr, decay float64, w, g []float64) (float64, []float64) {
		if norm(w) == 0 || norm(g) == 0 {
			return 1, g
		}
		ratio := eta * norm(w) / (norm(g) + decay*norm(w) + c.Eps)
		if cap {
			ratio = math.Min(ratio/lr, 1)
		}
		return ratio, decayed(decay, w, g)
	}
}

func TestTrustMatchesLoops(t *testing.T) {
	for _, tc := range []struct {
		label, name string
		change      func(c *Config)
		inside      bool // the rate enters the buffer
		loops       larsLoops
	}{
		{"lars", LARS, func(*Config) {}, true, classicLoops},
		{"lars with nesterov", LARS, func(c *Config) { c.Nesterov = true }, true, classicLoops},
		{"lars-torch", LARSTorch, func(*Config) {}, false, classicLoops},
		{"larc", LARC, func(*Config) {}, false, larcLoops(.001, false)},
		{"larc with another coefficient", LARC, func(c *Config) { c.TrustCoefficient = .1 }, false, larcLoops(.1, false)},
		{"clipped larc", LARC, func(c *Config) { c.TrustClip, c.TrustCoefficient = true, .2 }, false, larcLoops(.2, true)},
		{"lars-solo", LARSSolo, func(*Config) {}, false, larcLoops(.02, true)},
	} {
		t.Run(tc.label, func(t *testing.T) {
			c := Default()
			c.Name = tc.name
			tc.change(&c)
			trustAgainstLoops(t, c, tc.inside, tc.loops)
		})
	}
}

// trustAgainstLoops takes steps with changing rates on a long tensor, one of
// zeros, and one that neither decays nor adapts.
func trustAgainstLoops(t *testing.T, c Config, inside bool, loops larsLoops) {
	t.Helper()
	const decay = .05
	params, grads := problem[float64](4)
	clear(params[0].Data)
	want, buffers := make([][]float64, len(params)), zerosLike(params)
	for i, p := range params {
		want[i] = slices.Clone(p.Data)
	}
	o, err := New(c, params)
	if err != nil {
		t.Fatal(err)
	}
	for s, lr := range []float64{.5, 1, .01, .3} {
		if err := o.Step(Rates{LR: lr, WeightDecay: decay}, grads[s]); err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			ratio, d := 1., grads[s][i]
			if params[i].Group.Adapt {
				ratio, d = loops(c, lr, decay, w, d)
			}
			in, out := 1., lr
			if inside {
				in, out = lr, 1
			}
			for j := range w {
				x := in * ratio * d[j]
				b := c.Momentum*buffers[i][j] + x
				buffers[i][j] = b
				if c.Nesterov {
					b = x + c.Momentum*b
				}
				w[j] -= out * b
			}
			if got := o.(*descent[float64]).TrustRatios()[i]; !near(got, ratio) {
				t.Errorf("step %d: ratio of %s is %v, want %v", s, params[i].Name, got, ratio)
			}
		}
	}
	for i, p := range params {
		if !slices.EqualFunc(p.Data, want[i], near) {
			t.Errorf("%s differs from the loops", p.Name)
		}
	}
}

// Without a gradient or a weight there is nothing to compare: LARS keeps the
// decay, LARC leaves the gradient as it is.
func TestTrustOfZeros(t *testing.T) {
	for name, s := range map[string]sums{"no weight": {gg: 4}, "nothing": {}} {
		if ratio, decay := larsTrust(Default(), s, 1, .1, 1); ratio != 1 || decay != .1 {
			t.Errorf("lars, %s: ratio %v, decay %v", name, ratio, decay)
		}
		if ratio, decay := larcTrust(Default(), s, 1, .1, 1); ratio != 1 || decay != 0 {
			t.Errorf("larc, %s: ratio %v, decay %v", name, ratio, decay)
		}
	}
}

func TestTrustRefusesInfiniteWeights(t *testing.T) {
	c := Default()
	c.Name = LARS
	p := []ParamOf[float64]{{Name: "w", Data: []float64{math.Inf(1)}, Group: Group{Adapt: true}}}
	o, err := New(c, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Step(Rates{LR: 1}, [][]float64{{1}}); err == nil {
		t.Error("an infinite weight was stepped")
	}
}
