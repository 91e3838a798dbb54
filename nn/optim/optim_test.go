package optim

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// problem returns parameters, one of them longer than a chunk, and the
// gradients of several steps.
func problem[T Float](steps int) ([]ParamOf[T], [][][]T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) []T {
		v := make([]T, n)
		for i := range v {
			v[i] = T(rng.NormFloat64())
		}
		return v
	}
	sizes := []int{7, 2*chunkElements + 3, 1}
	var params []ParamOf[T]
	for i, n := range sizes {
		params = append(params, ParamOf[T]{Name: string(rune('a' + i)), Data: draw(n), Group: Group{Decay: i != 2, Adapt: i != 2}})
	}
	grads := make([][][]T, steps)
	for s := range grads {
		for _, n := range sizes {
			grads[s] = append(grads[s], draw(n))
		}
	}
	return params, grads
}

// reference takes the same steps one number at a time, from the papers'
// formulas; norms are those of the whole tensor, by step.
type reference func(c Config, lr, decay, p float64, g []float64) float64

func sgdReference(c Config, lr, decay, p float64, grads []float64) float64 {
	var buffer float64
	for s, g := range grads {
		g += decay * p
		if s == 0 {
			buffer = g
		} else {
			buffer = c.Momentum*buffer + (1-c.Dampening)*g
		}
		d := buffer
		if c.Nesterov {
			d = g + c.Momentum*buffer
		}
		p -= lr * d
	}
	return p
}

func adamReference(c Config, lr, decay, p float64, grads []float64) float64 {
	var m, v float64
	for s, g := range grads {
		apart := decay
		if c.Name == Adam {
			g, apart = g+decay*p, 0
		}
		m = c.Beta1*m + (1-c.Beta1)*g
		v = c.Beta2*v + (1-c.Beta2)*g*g
		t := float64(s + 1)
		meanHat, squareHat := m/(1-math.Pow(c.Beta1, t)), v/(1-math.Pow(c.Beta2, t))
		p -= lr * (meanHat/(math.Sqrt(squareHat)+c.Eps) + apart*p)
	}
	return p
}

func TestStepsMatchReference(t *testing.T) {
	for _, tc := range []struct {
		label, name string
		change      func(c *Config)
		want        reference
	}{
		{"plain sgd", SGD, func(c *Config) { c.Momentum = 0 }, sgdReference},
		{"sgd with momentum", SGD, func(*Config) {}, sgdReference},
		{"dampening", SGD, func(c *Config) { c.Dampening = .3 }, sgdReference},
		{"nesterov", SGD, func(c *Config) { c.Nesterov = true }, sgdReference},
		{"adam", Adam, func(*Config) {}, adamReference},
		{"adamw", AdamW, func(*Config) {}, adamReference},
	} {
		t.Run(tc.label, func(t *testing.T) {
			c := Default()
			c.Name, c.WeightDecay = tc.name, .05
			tc.change(&c)
			againstReference[float64](t, c, tc.want, 1e-12) // only the order of operations differs
			againstReference[float32](t, c, tc.want, 2e-5)  // 4 steps of float32 rounding on values near 1
		})
	}
}

func againstReference[T Float](t *testing.T, c Config, want reference, tolerance float64) {
	t.Helper()
	const lr, steps = .1, 4
	params, grads := problem[T](steps)
	params[0].Group.LRScale = .5
	start := make([][]T, len(params))
	for i, p := range params {
		start[i] = slices.Clone(p.Data)
	}
	o, err := New(c, params)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grads {
		if err := o.Step(Rates{LR: lr, WeightDecay: c.WeightDecay}, g); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range params {
		decay, rate := c.WeightDecay, lr
		if !p.Group.Decay {
			decay = 0
		}
		if i == 0 {
			rate *= .5
		}
		for j, got := range p.Data {
			g := make([]float64, steps)
			for s := range g {
				g[s] = float64(grads[s][i][j])
			}
			if w := want(c, rate, decay, float64(start[i][j]), g); !(math.Abs(float64(got)-w) <= tolerance*math.Max(1, math.Abs(w))) {
				t.Fatalf("%s[%d] = %v, want %v", p.Name, j, got, w)
			}
		}
	}
}

func TestBitsDoNotDependOnThreads(t *testing.T) {
	for _, name := range Names() {
		var want []float32
		for _, threads := range []int{1, 2, 7} {
			c := Default()
			c.Name, c.Threads, c.ClipNorm, c.ClipTensorNorm, c.ClipValue = name, threads, 1, .8, 2
			params, grads := problem[float32](3)
			o, err := New(c, params)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range grads {
				if err := o.Step(Rates{LR: .01, WeightDecay: .02}, g); err != nil {
					t.Fatal(err)
				}
			}
			if want == nil {
				want = params[1].Data
			}
			if !slices.Equal(want, params[1].Data) {
				t.Errorf("%s: %d threads gave other bits than one", name, threads)
			}
		}
	}
}

func TestStateContinuesBitForBit(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			c := Default()
			c.Name, c.Dampening = name, .1
			whole, grads := problem[float32](4)
			broken, _ := problem[float32](4)
			one, _ := New(c, whole)
			first, _ := New(c, broken)
			second, _ := New(c, broken)
			for s, g := range grads {
				o := first
				if s >= 2 {
					o = second
				}
				for i := range first.State() {
					if s == 2 {
						copy(second.State()[i].Data, first.State()[i].Data)
					}
				}
				if err := one.Step(Rates{LR: .01, WeightDecay: .02}, g); err != nil {
					t.Fatal(err)
				}
				if err := o.Step(Rates{LR: .01, WeightDecay: .02}, g); err != nil {
					t.Fatal(err)
				}
			}
			for i := range whole {
				if !slices.Equal(whole[i].Data, broken[i].Data) {
					t.Errorf("%s differs after a resume", whole[i].Name)
				}
			}
		})
	}
}

func TestStepErrorsChangeNothing(t *testing.T) {
	params, grads := problem[float64](1)
	before := slices.Clone(params[0].Data)
	c := Default()
	c.ClipNorm = 1
	o, _ := New(c, params)
	short := slices.Clone(grads[0])
	short[1] = short[1][1:]
	bad := slices.Clone(grads[0])
	bad[1] = slices.Clone(bad[1])
	bad[1][5] = math.NaN()
	r := Rates{LR: .1}
	for want, err := range map[string]error{
		"learning rate NaN":          o.Step(Rates{LR: math.NaN()}, grads[0]),
		"weight decay -1":            o.Step(Rates{LR: 1, WeightDecay: -1}, grads[0]),
		"2 gradients for 3":          o.Step(r, grads[0][:2]),
		`"b" has 32770 elements`:     o.Step(r, short),
		`gradients is NaN, at "b": `: o.Step(r, bad),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if !slices.Equal(before, params[0].Data) || o.State()[0].Data[0] != 0 {
		t.Error("a refused step changed parameters or state")
	}
}

func TestNewRefusesSharedNames(t *testing.T) {
	params, _ := problem[float32](1)
	params[1].Name = params[0].Name
	if _, err := New(Default(), params); err == nil || !strings.Contains(err.Error(), `"a" is listed twice`) {
		t.Errorf("got %v", err)
	}
}
