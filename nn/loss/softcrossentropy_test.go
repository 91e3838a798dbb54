package loss

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op/optest"
)

func TestSoftCrossEntropy(t *testing.T) {
	const rows, classes = 3, 4
	c := optest.Case{
		In: []optest.Input{{Shape: []int{rows, classes}}, {Shape: []int{rows, classes},
			Values: []float64{0, 1, 0, 0, .25, .25, .25, .25, .7, 0, .2, .1}}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return SoftCrossEntropy(in[0], in[1]) },
		Loops: func(in [][]float64) []float64 {
			total := 0.
			for i := range rows {
				row := in[0][i*classes : (i+1)*classes]
				for j, v := range row {
					total += in[1][i*classes+j] * surprise(v, row)
				}
			}
			return []float64{total / rows}
		},
	}
	optest.AgainstLoops(t, c)
	optest.Gradient(t, c)
}
