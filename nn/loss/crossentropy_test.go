package loss

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op/optest"
)

func TestCrossEntropy(t *testing.T) {
	const classes = 3
	targets := []int32{2, -1, 0, 2} // the second row is left out
	c := optest.Case{In: []optest.Input{{Shape: []int{4, classes}}, {Shape: []int{4}, IDs: targets}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return CrossEntropy(in[0], in[1]) },
		Loops: func(in [][]float64) []float64 {
			total := 0.
			for i, target := range targets {
				row := in[0][i*classes : (i+1)*classes]
				if target >= 0 {
					total += surprise(row[target], row)
				}
			}
			return []float64{total / 3}
		},
	}
	optest.AgainstLoops(t, c)
	optest.Gradient(t, c)
}

func TestSmoothedCrossEntropy(t *testing.T) {
	const classes, smoothing = 3, .3
	targets := []int32{2, 0}
	c := optest.Case{In: []optest.Input{{Shape: []int{2, classes}}, {Shape: []int{2}, IDs: targets}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return SmoothedCrossEntropy(in[0], in[1], smoothing) },
		Loops: func(in [][]float64) []float64 {
			total := 0.
			for i, target := range targets {
				row := in[0][i*classes : (i+1)*classes]
				total += (1 - smoothing) * surprise(row[target], row)
				for _, logit := range row {
					total += smoothing / classes * surprise(logit, row)
				}
			}
			return []float64{total / 2}
		},
	}
	optest.AgainstLoops(t, c)
	optest.Gradient(t, c)
}
