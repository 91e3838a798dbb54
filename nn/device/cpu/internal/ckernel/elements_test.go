package ckernel

import (
	"math"
	"testing"
)

// reference is a function of one number and its derivative, of the value where
// byValue is set, in float64.
type reference struct {
	f, slope func(x float64) float64
	byValue  bool
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func swishSlope(b float64) func(x float64) float64 {
	return func(x float64) float64 {
		s := logistic(b * x)
		return s + b*x*s*(1-s)
	}
}

func geluInner(x float64) float64 { return math.Sqrt(2/math.Pi) * (x + 0.044715*x*x*x) }

func gaussian(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

func normalBelow(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

var references = map[Function]reference{
	GELU: {f: func(x float64) float64 { return x * normalBelow(x) },
		slope: func(x float64) float64 { return normalBelow(x) + x*gaussian(x) }},
	GELUTanh: {f: func(x float64) float64 { return x / 2 * (1 + math.Tanh(geluInner(x))) },
		slope: func(x float64) float64 {
			t := math.Tanh(geluInner(x))
			return (1+t)/2 + x/2*(1-t*t)*math.Sqrt(2/math.Pi)*(1+3*0.044715*x*x)
		}},
	GELUQuick: {f: func(x float64) float64 { return x * logistic(1.702*x) }, slope: swishSlope(1.702)},
	SiLU:      {f: func(x float64) float64 { return x * logistic(x) }, slope: swishSlope(1)},
	Sigmoid:   {f: logistic, slope: func(y float64) float64 { return y * (1 - y) }, byValue: true},
	Tanh:      {f: math.Tanh, slope: func(y float64) float64 { return 1 - y*y }, byValue: true},
	Softplus:  {f: func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }, slope: logistic},
	Exp:       {f: math.Exp, slope: func(y float64) float64 { return y }, byValue: true},
	Square:    {f: func(x float64) float64 { return x * x }, slope: func(x float64) float64 { return 2 * x }},
	Abs:       {f: math.Abs, slope: func(x float64) float64 { return math.Copysign(1, x) }},
	AtLeast: {f: func(x float64) float64 { return max(x, .5) }, slope: func(y float64) float64 {
		if y > .5 {
			return 1
		}
		return 0
	}, byValue: true},
}

// Errors are within 4e-7 of the value or of 1, whichever is larger; e^x and the
// tails of the saturating functions are within 4e-7 of their own size.
func TestFunctions(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		const n = 20011 // not whole vectors, more than one chunk
		x, px := v.zeros(n)
		for i := range x {
			x[i] = float32(i-n/2) / 1000 // -10 to 10
		}
		y, py := v.zeros(n)
		dy, pdy := v.normals(n)
		dx, pdx := v.zeros(n)
		for f, r := range references {
			Team{Threads: 1}.Function(f, .5, Float32, n, px, py)
			at := px
			if r.byValue {
				at = py
			}
			Team{Threads: 1}.FunctionGrad(f, .5, Float32, n, pdy, at, pdx)
			for i := range y {
				want := r.f(float64(x[i]))
				if bound := 4e-7 * max(1, math.Abs(want)); math.Abs(float64(y[i])-want) > bound {
					t.Fatalf("function %d of %g is %g, want %g", f, x[i], y[i], want)
				}
				if relative := 4e-7 * want; (f == Exp || f == Sigmoid || f == Softplus) && math.Abs(float64(y[i])-want) > relative {
					t.Fatalf("function %d of %g is %g, want %g", f, x[i], y[i], want)
				}
				place := float64(x[i])
				if r.byValue {
					place = float64(y[i])
				}
				if place == 0 && f == Abs {
					continue
				}
				want = float64(dy[i]) * r.slope(place)
				if bound := 2e-6 * max(1, math.Abs(want)); math.Abs(float64(dx[i])-want) > bound {
					t.Fatalf("slope of function %d at %g is %g, want %g", f, place, dx[i], want)
				}
			}
		}
	})
}

// Far out, functions go to their limits, and NaN stays NaN.
func TestFunctionsFarOut(t *testing.T) {
	inf := float32(math.Inf(1))
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		x, px := v.zeros(6)
		y, py := v.zeros(6)
		copy(x, []float32{-inf, -200, 88.7, 200, inf, float32(math.NaN())})
		for f, want := range map[Function][]float32{
			Exp:      {0, 0, float32(math.Exp(float64(x[2]))), inf, inf},
			Sigmoid:  {0, 0, 1, 1, 1},
			Tanh:     {-1, -1, 1, 1, 1},
			Softplus: {0, 0, 88.7, 200, inf},
			Square:   {inf, 40000, 88.7 * 88.7, 40000, inf},
		} {
			Team{Threads: 1}.Function(f, 0, Float32, 6, px, py)
			for i, w := range want {
				if d := math.Abs(float64(y[i]/w) - 1); y[i] != w && !(d < 2e-6) {
					t.Errorf("function %d of %g is %g, want %g", f, x[i], y[i], w)
				}
			}
			if y[5] == y[5] {
				t.Errorf("function %d of NaN is %g: a broken step would not show", f, y[5])
			}
		}
		for _, f := range []Function{GELU, GELUTanh, GELUQuick, SiLU} {
			Team{Threads: 1}.Function(f, 0, Float32, 6, px, py)
			if y[1] != 0 || y[3] != 200 || y[5] == y[5] {
				t.Errorf("function %d of %v is %v", f, x, y)
			}
		}
	})
}

func TestSoftmaxOfRows(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		for _, n := range []int{1, 7, 16, 100} {
			v := newVectors(t)
			const rows = 3
			x, px := v.normals(rows * n)
			x[0] = 200 // large entries do not overflow
			y, py := v.zeros(rows * n)
			log, plog := v.zeros(rows * n)
			lse, plse := v.zeros(rows)
			top, ptop := v.zeros(rows)
			one := Team{Threads: 1}
			one.Softmax(false, rows, n, px, py)
			one.Softmax(true, rows, n, px, plog)
			one.LogSumExp(rows, n, px, plse)
			one.Largest(rows, n, px, ptop)
			for r := range rows {
				sum, most := 0.0, math.Inf(-1)
				for _, e := range x[r*n : (r+1)*n] {
					most = max(most, float64(e))
				}
				for _, e := range x[r*n : (r+1)*n] {
					sum += math.Exp(float64(e) - most)
				}
				want := most + math.Log(sum)
				if math.Abs(float64(lse[r])-want) > 3e-7*max(1, math.Abs(want)) || float64(top[r]) != most {
					t.Errorf("row of %d: logsumexp %g, largest %g, want %g, %g", n, lse[r], top[r], want, most)
				}
				for i := r * n; i < (r+1)*n; i++ {
					l := float64(x[i]) - want
					// The logarithm's error is a rounding of the largest entry.
					if math.Abs(float64(y[i])-math.Exp(l)) > 5e-7 || math.Abs(float64(log[i])-l) > 3e-7*max(2, math.Abs(want), -l) {
						t.Fatalf("row of %d: softmax %g, log %g, want %g, %g", n, y[i], log[i], math.Exp(l), l)
					}
				}
			}
		}
	})
}

// A row with NaN is NaN, one of nothing but -Inf has no softmax.
func TestSoftmaxOfNaN(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		for _, at := range []int{2, 17} {
			v := newVectors(t)
			x, px := v.normals(19)
			x[at] = float32(math.NaN())
			y, py := v.zeros(19)
			l, pl := v.zeros(1)
			Team{Threads: 1}.Softmax(false, 1, 19, px, py)
			Team{Threads: 1}.LogSumExp(1, 19, px, pl)
			if y[0] == y[0] || l[0] == l[0] {
				t.Errorf("NaN at %d: softmax %g, logsumexp %g", at, y[0], l[0])
			}
		}
	})
}
