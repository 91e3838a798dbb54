package op_test

import (
	"testing"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestGlobalMean(t *testing.T) {
	for _, s := range [][]int{{2, 3, 5}, {2, 3, 2, 3, 4}, {1, 1, 1, 1, 1}} {
		prove(t, "mean", optest.Case{
			In:    []optest.Input{shape(s...)},
			Build: unary(op.GlobalMean),
			Loops: func(in [][]float64) []float64 {
				y := make([]float64, s[0]*s[1])
				size := len(in[0]) / len(y)
				for i, v := range in[0] {
					y[i/size] += v / float64(size)
				}
				return y
			},
		})
	}
}
