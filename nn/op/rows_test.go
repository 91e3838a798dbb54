package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestRowDot(t *testing.T) {
	prove(t, "rows", optest.Case{
		In:    []optest.Input{shape(4, 3), shape(4, 3)},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.RowDot(in[0], in[1]) },
		Loops: func(in [][]float64) []float64 {
			y := make([]float64, 4)
			for i, v := range in[0] {
				y[i/3] += v * in[1][i]
			}
			return y
		},
	})
}

func TestAddBias(t *testing.T) {
	for _, s := range [][]int{{3, 4}, {2, 3, 2, 2}} {
		size := 1
		for _, d := range s[2:] {
			size *= d
		}
		prove(t, "bias", optest.Case{
			In:    []optest.Input{shape(s...), shape(s[1])},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.AddBias(in[0], in[1]) },
			Loops: func(in [][]float64) []float64 {
				var y []float64
				for i, v := range in[0] {
					y = append(y, v+in[1][i/size%s[1]])
				}
				return y
			},
		})
	}
}

func TestTranspose(t *testing.T) {
	prove(t, "matrix", optest.Case{
		In:    []optest.Input{shape(3, 5)},
		Build: unary(op.Transpose),
		Loops: func(in [][]float64) []float64 {
			var y []float64
			for j := range 5 {
				for i := range 3 {
					y = append(y, in[0][i*5+j])
				}
			}
			return y
		},
	})
}
