package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestSegments(t *testing.T) {
	ids := []int32{3, 0, 3, 3, 1} // in any order; segments 2 and 4 have no rows
	const segments = 5
	for _, s := range [][]int{{5, 3}, {5}, {5, 2, 2}} {
		for _, mean := range []bool{false, true} {
			prove(t, fmt.Sprint(s, mean), optest.Case{
				In: []optest.Input{shape(s...), {Shape: []int{5}, IDs: ids}},
				Build: func(in []*gorgonia.Node) *gorgonia.Node {
					if mean {
						return op.SegmentMean(in[0], in[1], segments)
					}
					return op.SegmentSum(in[0], in[1], segments)
				},
				Loops: func(in [][]float64) []float64 {
					d := len(in[0]) / 5
					y, rows := make([]float64, segments*d), make([]float64, segments)
					for i, id := range ids {
						rows[id]++
						for j := range d {
							y[int(id)*d+j] += in[0][i*d+j]
						}
					}
					for i := range y {
						if mean && rows[i/d] > 0 {
							y[i] /= rows[i/d]
						}
					}
					return y
				},
			})
		}
	}
}
