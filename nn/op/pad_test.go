package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestPad(t *testing.T) {
	for _, tc := range []struct{ shape, before, after []int }{
		{[]int{3}, []int{1}, []int{2}},
		{[]int{2, 3}, []int{0, 1}, []int{1, 0}},
		{[]int{2, 3, 2}, []int{1, 0, 2}, []int{0, 0, 1}},
		{[]int{3, 4}, []int{-1, 1}, []int{0, -2}},
		{[]int{2, 3}, []int{0, -3}, []int{0, 2}}, // padding alone
		{[]int{1, 2, 2, 3}, []int{0, 0, 1, 1}, []int{0, 0, 1, 1}},
	} {
		prove(t, fmt.Sprint(tc), optest.Case{
			In:    []optest.Input{shape(tc.shape...)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Pad(x, tc.before, tc.after, -7) }),
			Loops: func(in [][]float64) []float64 {
				out := make([]int, len(tc.shape))
				for i, d := range tc.shape {
					out[i] = d + tc.before[i] + tc.after[i]
				}
				var y []float64
				for _, index := range indices(out) {
					inside := true
					for i := range index {
						index[i] -= tc.before[i]
						inside = inside && index[i] >= 0 && index[i] < tc.shape[i]
					}
					if inside {
						y = append(y, in[0][flat(tc.shape, index)])
					} else {
						y = append(y, -7)
					}
				}
				return y
			},
		})
	}
}
