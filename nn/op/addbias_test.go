package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

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
