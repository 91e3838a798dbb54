package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestMaskedMean(t *testing.T) {
	mask := []float64{1, 1, 0, 0.5, 0, 0, 0, 0, 0} // the last row has no weight
	prove(t, "mask", optest.Case{
		In: []optest.Input{shape(3, 3, 2), {Shape: []int{3, 3}, Values: mask, Fixed: true}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node {
			return op.MaskedMean(in[0], in[1])
		},
		Loops: func(in [][]float64) []float64 {
			y := make([]float64, 6)
			for n := range 2 {
				total := mask[n*3] + mask[n*3+1] + mask[n*3+2]
				for l := range 3 {
					for d := range 2 {
						y[n*2+d] += in[0][(n*3+l)*2+d] * mask[n*3+l] / total
					}
				}
			}
			return y
		},
	})
}
