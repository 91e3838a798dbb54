package op_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestBinary(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(a, b *gorgonia.Node) *gorgonia.Node
		loop  func(a, b float64) float64
	}{
		{"add", op.Add, func(a, b float64) float64 { return a + b }},
		{"sub", op.Sub, func(a, b float64) float64 { return a - b }},
		{"mul", op.Mul, func(a, b float64) float64 { return a * b }},
	} {
		for _, operands := range []struct {
			name string
			in   []optest.Input
		}{
			{"tensors", []optest.Input{shape(2, 3, 4), shape(2, 3, 4)}},
			{"with scalar", []optest.Input{shape(2, 3), shape()}},
			{"scalars", []optest.Input{shape(), shape()}},
			{"one element", []optest.Input{shape(1), shape(1)}},
		} {
			prove(t, tc.name+" "+operands.name, optest.Case{
				In:    operands.in,
				Build: func(in []*gorgonia.Node) *gorgonia.Node { return tc.build(in[0], in[1]) },
				Loops: func(in [][]float64) []float64 {
					y := make([]float64, len(in[0]))
					for i, a := range in[0] {
						y[i] = tc.loop(a, in[1][i%len(in[1])])
					}
					return y
				},
			})
		}
	}
}

func TestUnary(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(x *gorgonia.Node) *gorgonia.Node
		loop  func(x float64) float64
	}{
		{"relu", op.ReLU, func(x float64) float64 { return math.Max(x, 0) }},
		{"exp", op.Exp, math.Exp},
		{"scale", func(x *gorgonia.Node) *gorgonia.Node { return op.Scale(x, -2.5) }, func(x float64) float64 { return -2.5 * x }},
	} {
		for _, in := range []optest.Input{shape(3, 2, 5), shape(), shape(1, 7)} {
			prove(t, tc.name, optest.Case{
				In:    []optest.Input{in},
				Build: unary(tc.build),
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

func TestSum(t *testing.T) {
	total := func(in [][]float64) float64 {
		s := 0.0
		for _, v := range in[0] {
			s += v
		}
		return s
	}
	prove(t, "sum", optest.Case{In: []optest.Input{shape(3, 4, 2)}, Build: unary(op.Sum),
		Loops: func(in [][]float64) []float64 { return []float64{total(in)} }})
	prove(t, "mean", optest.Case{In: []optest.Input{shape(3, 4, 2)}, Build: unary(op.Mean),
		Loops: func(in [][]float64) []float64 { return []float64{total(in) / 24} }})
}
