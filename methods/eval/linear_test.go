package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// clusters draws n features around one centre a class.
func clusters(n, d, classes int, spread float64, rng *rand.Rand) (Matrix, []int) {
	centres, x, labels := random(classes, d, rng.NormFloat64), NewMatrix(n, d), make([]int, n)
	for i := range n {
		labels[i] = i % classes
		for j := range d {
			x.Row(i)[j] = 3*float64(j) + centres.Row(labels[i])[j] + spread*rng.NormFloat64()
		}
	}
	return x, labels
}

// stationary returns the largest entry of the gradient of C·(sum of
// cross-entropies) + |W|²·penalty/2, divided by C·N, by plain loops. The
// objective is convex, so that a zero gradient is the minimum.
func stationary(t *testing.T, l *Linear, features Matrix, labels []int, c, penalty float64) float64 {
	t.Helper()
	probs, err := l.Probabilities(features)
	if err != nil {
		t.Fatal(err)
	}
	worst, n := 0., float64(features.Rows)
	for k, seen := range l.Seen {
		if !seen {
			continue
		}
		bias := 0.
		weight := make([]float64, features.Cols)
		for i, label := range labels {
			r := probs.Row(i)[k]
			if label == k {
				r--
			}
			bias += r / n
			for j := range weight {
				weight[j] += r * (features.Row(i)[j] - l.Scaler.Mean[j]) / l.Scaler.Std[j] / n
			}
		}
		worst = max(worst, math.Abs(bias))
		for j, g := range weight {
			worst = max(worst, math.Abs(g+penalty*l.Weight.Row(k)[j]/(c*n)))
		}
	}
	return worst
}

func TestFitLinearIsTheMinimum(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, tc := range []struct {
		name          string
		n, d, classes int
		c             float64
		penalty       float64
	}{
		{"strong penalty", 100, 20, 10, .01, 1},
		{"c 1", 120, 8, 5, 1, 1},
		{"nearly separable, weak penalty", 60, 30, 3, 1000, 1},
		{"two classes", 80, 6, 2, .5, 2},
		{"more dimensions than clips", 20, 128, 10, .01, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x, labels := clusters(tc.n, tc.d, tc.classes, 1, rng)
			l, err := FitLinear(x, labels, tc.classes, LinearConfig{tc.c, 5000})
			if err != nil {
				t.Fatal(err)
			}
			if g := stationary(t, l, x, labels, tc.c, tc.penalty); g > gradientEnough {
				t.Errorf("gradient %g after %d iterations", g, l.Iterations)
			}
			again, err := FitLinear(x, labels, tc.classes, LinearConfig{tc.c, 5000})
			if err != nil || !slices.Equal(again.Weight.Data, l.Weight.Data) || !slices.Equal(again.Bias, l.Bias) {
				t.Errorf("a second fit differs, error %v", err)
			}
		})
	}
}

// With two classes scikit-learn solves for one vector w: the minimum of
// C·Σ log(1+exp(-y(wx+b))) + w²/2. For x = ±1, classes by sign, b is 0 and w
// solves w = C·N/(1+exp(w)).
func TestFitLinearTwoClassesByHand(t *testing.T) {
	const n, c = 10, .2
	x, labels := NewMatrix(n, 1), make([]int, n)
	for i := range n {
		labels[i] = i % 2
		x.Data[i] = float64(2*labels[i] - 1)
	}
	w := 0.
	for range 200 {
		w = .5*w + .5*c*n/(1+math.Exp(w))
	}
	l, err := FitLinear(x, labels, 2, LinearConfig{c, 1000})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Weight.Data[1] - l.Weight.Data[0]; !approx(got, w, 1e-6) {
		t.Errorf("w is %g, want %g", got, w)
	}
}

func TestFitLinearUnseenClass(t *testing.T) {
	x, labels := clusters(30, 4, 3, .3, rand.New(rand.NewPCG(7, 8)))
	for i, c := range labels {
		labels[i] = []int{0, 2, 4}[c]
	}
	l, err := FitLinear(x, labels, 5, DefaultLinearConfig())
	if err != nil {
		t.Fatal(err)
	}
	probs, err := l.Probabilities(x)
	if err != nil {
		t.Fatal(err)
	}
	for i := range probs.Rows {
		row, sum := probs.Row(i), 0.
		for _, p := range row {
			sum += p
		}
		if row[1] != 0 || row[3] != 0 || !approx(sum, 1, 1e-12) {
			t.Fatalf("row %d: %v", i, row)
		}
	}
	if top1, _ := TopK(probs, labels, 1); top1 < .9 {
		t.Errorf("top-1 %g on tight clusters", top1)
	}
}

func TestFitLinearConstantFeature(t *testing.T) {
	x, labels := clusters(40, 3, 4, .1, rand.New(rand.NewPCG(9, 1)))
	for i := range x.Rows {
		x.Row(i)[1] = 0.1
	}
	l, err := FitLinear(x, labels, 4, DefaultLinearConfig())
	if err != nil {
		t.Fatal(err)
	}
	for c := range 4 {
		if w := l.Weight.Row(c)[1]; math.Abs(w) > 1e-9 {
			t.Errorf("class %d gives a constant feature the weight %g", c, w)
		}
	}
}

func TestFitLinearErrors(t *testing.T) {
	x := Matrix{2, 1, []float64{1, 2}}
	for _, tc := range []struct {
		name   string
		labels []int
		c      LinearConfig
		want   string
	}{
		{"c", []int{0, 1}, LinearConfig{0, 1}, "eval: linear: eval.linear_c is 0, want a number above 0"},
		{"iterations", []int{0, 1}, LinearConfig{1, 0}, "eval: linear: at most 0 iterations, want at least 1"},
		{"one class", []int{1, 1}, LinearConfig{1, 9}, "eval: linear: 1 class among 2 labels, want at least 2: label more classes"},
		{"label", []int{1, -1}, LinearConfig{1, 9}, "eval: linear: features: label -1 of row 1 is outside [0, 2): evaluate on labelled videos of these classes"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := FitLinear(x, tc.labels, 2, tc.c); fmt.Sprint(err) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
	l, err := FitLinear(x, []int{0, 1}, 2, DefaultLinearConfig())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Probabilities(NewMatrix(1, 2)); err == nil {
		t.Error("took features of another width")
	}
}

func TestFitLinearLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	x, labels := clusters(5000, 512, 24, 6, rand.New(rand.NewPCG(1, 1)))
	start := time.Now()
	l, err := FitLinear(x, labels, 24, DefaultLinearConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d iterations, gradient %.1g, %v", l.Iterations, l.Gradient, time.Since(start))
	if g := stationary(t, l, x, labels, .01, 1); g > gradientEnough {
		t.Errorf("gradient %g", g)
	}
}

func TestSGDProbeErrors(t *testing.T) {
	if _, err := SGDProbe(NewMatrix(1, 1), []int{0}, 2, SGDConfig{}); fmt.Sprint(err) != "eval: sgd probe: steps is 0, want at least 1" {
		t.Error(err)
	}
	if _, err := SGDProbe(NewMatrix(1, 1), []int{2}, 2, SGDConfig{Steps: 1}); err == nil {
		t.Error("took a label outside the classes")
	}
}
