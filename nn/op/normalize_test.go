package op_test

import (
	"math"
	"testing"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestNormalize(t *testing.T) {
	loops := func(d int) func(in [][]float64) []float64 {
		return func(in [][]float64) []float64 {
			var y []float64
			for r := 0; r < len(in[0]); r += d {
				norm := 0.0
				for _, v := range in[0][r : r+d] {
					norm += v * v
				}
				for _, v := range in[0][r : r+d] {
					y = append(y, v/math.Max(math.Sqrt(norm), 1e-12))
				}
			}
			return y
		}
	}
	prove(t, "rows", optest.Case{In: []optest.Input{shape(4, 5)}, Build: unary(op.Normalize), Loops: loops(5)})
	prove(t, "rows of rows", optest.Case{In: []optest.Input{shape(2, 2, 3)}, Build: unary(op.Normalize), Loops: loops(3)})
	prove(t, "one row", optest.Case{In: []optest.Input{shape(5)}, Build: unary(op.Normalize), Loops: loops(5)})
	prove(t, "one feature", optest.Case{In: []optest.Input{shape(3, 1)}, Build: unary(op.Normalize), Loops: loops(1)})
	// A row of zeros stays zero: no division by its norm.
	optest.AgainstLoops(t, optest.Case{In: []optest.Input{{Shape: []int{2, 2}, Values: []float64{0, 0, 3, 4}}},
		Build: unary(op.Normalize), Loops: loops(2)})
}
