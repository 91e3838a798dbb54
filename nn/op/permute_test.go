package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestPermute(t *testing.T) {
	for _, tc := range []struct{ shape, axes []int }{
		{[]int{3, 5}, []int{1, 0}},
		{[]int{3, 5}, []int{0, 1}},
		{[]int{4}, []int{0}},
		{[]int{2, 3, 4}, []int{0, 2, 1}},
		{[]int{2, 3, 4}, []int{2, 0, 1}},
		{[]int{2, 3, 4}, []int{1, 2, 0}},
		{[]int{2, 3, 1, 4}, []int{3, 2, 1, 0}},
		{[]int{2, 3, 2, 4}, []int{0, 2, 1, 3}},
		{[]int{2, 3, 2, 2, 3}, []int{0, 2, 3, 4, 1}},
		{[]int{2, 3, 2, 2, 3}, []int{4, 1, 0, 3, 2}},
		{[]int{1, 1}, []int{1, 0}},
	} {
		prove(t, fmt.Sprint(tc), optest.Case{
			In:    []optest.Input{shape(tc.shape...)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Permute(x, tc.axes...) }),
			Loops: func(in [][]float64) []float64 {
				out := make([]int, len(tc.axes))
				for i, a := range tc.axes {
					out[i] = tc.shape[a]
				}
				var y []float64
				for _, index := range indices(out) {
					from := make([]int, len(index))
					for i, a := range tc.axes {
						from[a] = index[i]
					}
					y = append(y, in[0][flat(tc.shape, from)])
				}
				return y
			},
		})
	}
}
