package op_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestUnary(t *testing.T) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	positive := func(x *gorgonia.Node) *gorgonia.Node { return op.Exp(x) }
	as := func(x *gorgonia.Node) *gorgonia.Node { return x }
	for _, tc := range []struct {
		name  string
		build func(x *gorgonia.Node) *gorgonia.Node
		loop  func(x float64) float64
		of    func(x *gorgonia.Node) *gorgonia.Node
	}{
		{"relu", op.ReLU, func(x float64) float64 { return math.Max(x, 0) }, as},
		{"scale", func(x *gorgonia.Node) *gorgonia.Node { return op.Scale(x, -2.5) }, func(x float64) float64 { return -2.5 * x }, as},
		{"gelu", op.GELU, func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }, as},
		{"gelu by tanh", op.GELUTanh, func(x float64) float64 {
			return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
		}, as},
		{"quick gelu", op.GELUQuick, func(x float64) float64 { return x * sigmoid(1.702*x) }, as},
		{"silu", op.SiLU, func(x float64) float64 { return x * sigmoid(x) }, as},
		{"sigmoid", op.Sigmoid, sigmoid, as},
		{"tanh", op.Tanh, math.Tanh, as},
		{"softplus", op.Softplus, func(x float64) float64 { return math.Log(1 + math.Exp(x)) }, as},
		{"exp", op.Exp, math.Exp, as},
		{"log", op.Log, func(x float64) float64 { return math.Log(math.Exp(x)) }, positive},
		{"sqrt", op.Sqrt, func(x float64) float64 { return math.Sqrt(math.Exp(x)) }, positive},
		{"square", op.Square, func(x float64) float64 { return x * x }, as},
		{"abs", op.Abs, math.Abs, as},
		{"cube", func(x *gorgonia.Node) *gorgonia.Node { return op.Pow(x, 3) }, func(x float64) float64 { return x * x * x }, as},
		{"reciprocal", func(x *gorgonia.Node) *gorgonia.Node { return op.Pow(x, -1) }, func(x float64) float64 { return 1 / math.Exp(x) }, positive},
		{"at least", func(x *gorgonia.Node) *gorgonia.Node { return op.AtLeast(x, .25) }, func(x float64) float64 { return math.Max(x, .25) }, as},
	} {
		for _, in := range []optest.Input{shape(3, 2, 5), shape(), shape(1, 7)} {
			prove(t, tc.name, optest.Case{
				In:    []optest.Input{in},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return tc.build(tc.of(x)) }),
				Loops: func(in [][]float64) []float64 {
					var y []float64
					for _, x := range in[0] {
						y = append(y, tc.loop(x))
					}
					return y
				},
			})
		}
	}
}

// Far from 0 functions go to their limits without overflow on the way.
func TestUnaryFarOut(t *testing.T) {
	for _, tc := range []struct {
		name      string
		build     func(x *gorgonia.Node) *gorgonia.Node
		low, high float64 // at -120 and 120
	}{
		{"gelu", op.GELU, 0, 120},
		{"gelu by tanh", op.GELUTanh, 0, 120},
		{"quick gelu", op.GELUQuick, 0, 120},
		{"silu", op.SiLU, 0, 120},
		{"sigmoid", op.Sigmoid, 0, 1},
		{"tanh", op.Tanh, -1, 1},
		{"softplus", op.Softplus, 0, 120},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := optest.Case{
				In:    []optest.Input{{Shape: []int{2}, Values: []float64{-120, 120}}},
				Build: unary(tc.build),
				Loops: func([][]float64) []float64 { return []float64{tc.low, tc.high} },
			}
			optest.AgainstLoops(t, c)
			optest.Gradient(t, c)
		})
	}
}
