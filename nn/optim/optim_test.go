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
		params = append(params, ParamOf[T]{Name: string(rune('a' + i)), Decay: i != 2, Data: draw(n)})
	}
	grads := make([][][]T, steps)
	for s := range grads {
		for _, n := range sizes {
			grads[s] = append(grads[s], draw(n))
		}
	}
	return params, grads
}

// reference takes the same steps one number at a time, from the papers' formulas.
type reference func(c Config, lr, decay, p float64, g []float64) float64

func sgdReference(c Config, lr, decay, p float64, grads []float64) float64 {
	var buffer float64
	for s, g := range grads {
		g += decay * p
		if s == 0 {
			buffer = g
		} else {
			buffer = c.Momentum*buffer + g
		}
		d := buffer
		if c.Nesterov {
			d = g + c.Momentum*buffer
		}
		p -= lr * d
	}
	return p
}

func adamWReference(c Config, lr, decay, p float64, grads []float64) float64 {
	var m, v float64
	for s, g := range grads {
		m = c.Beta1*m + (1-c.Beta1)*g
		v = c.Beta2*v + (1-c.Beta2)*g*g
		t := float64(s + 1)
		meanHat, squareHat := m/(1-math.Pow(c.Beta1, t)), v/(1-math.Pow(c.Beta2, t))
		p -= lr * (meanHat/(math.Sqrt(squareHat)+c.Eps) + decay*p)
	}
	return p
}

func TestStepsMatchReference(t *testing.T) {
	for _, tc := range []struct {
		label, name string
		momentum    float64
		nesterov    bool
		want        reference
	}{
		{"plain sgd", "sgd", 0, false, sgdReference},
		{"sgd with momentum", "sgd", .9, false, sgdReference},
		{"nesterov", "sgd", .9, true, sgdReference},
		{"adamw", "adamw", .9, false, adamWReference},
	} {
		t.Run(tc.label, func(t *testing.T) {
			c := Default()
			c.Name, c.Momentum, c.Nesterov, c.WeightDecay = tc.name, tc.momentum, tc.nesterov, .05
			againstReference[float64](t, c, tc.want, 1e-12) // only the order of operations differs
			againstReference[float32](t, c, tc.want, 2e-5)  // 4 steps of float32 rounding on values near 1
		})
	}
}

func againstReference[T Float](t *testing.T, c Config, want reference, tolerance float64) {
	t.Helper()
	const lr, steps = .1, 4
	params, grads := problem[T](steps)
	start := make([][]T, len(params))
	for i, p := range params {
		start[i] = slices.Clone(p.Data)
	}
	o, err := New(c, params)
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range grads {
		if err := o.Step(lr, g); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range params {
		decay := c.WeightDecay
		if !p.Decay {
			decay = 0
		}
		for j, got := range p.Data {
			g := make([]float64, steps)
			for s := range g {
				g[s] = float64(grads[s][i][j])
			}
			if w := want(c, lr, decay, float64(start[i][j]), g); !(math.Abs(float64(got)-w) <= tolerance*math.Max(1, math.Abs(w))) {
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
			c.Name, c.Threads, c.ClipNorm = name, threads, 1
			params, grads := problem[float32](3)
			o, err := New(c, params)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range grads {
				if err := o.Step(.01, g); err != nil {
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
			c.Name = name
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
				if err := one.Step(.01, g); err != nil {
					t.Fatal(err)
				}
				if err := o.Step(.01, g); err != nil {
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
	for want, err := range map[string]error{
		"learning rate NaN":        o.Step(math.NaN(), grads[0]),
		"2 gradients for 3":        o.Step(.1, grads[0][:2]),
		`"b" has 32770 elements`:   o.Step(.1, short),
		"norm of the gradients is": o.Step(.1, bad),
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
