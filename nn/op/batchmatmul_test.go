package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestBatchMatMul(t *testing.T) {
	for _, tc := range []struct {
		lead    []int
		m, k, p int
	}{
		{[]int{1}, 2, 3, 4}, {[]int{3}, 4, 2, 5}, {[]int{2, 1, 2}, 3, 5, 1}, {[]int{2}, 17, 9, 20},
	} {
		for i := range 4 {
			a := device.MatMulAttrs{TransA: i&1 != 0, TransB: i&2 != 0}
			prove(t, fmt.Sprintf("%v %+v", tc, a), optest.Case{
				In:    []optest.Input{batched(tc.lead, matrix(tc.m, tc.k, a.TransA)), batched(tc.lead, matrix(tc.k, tc.p, a.TransB))},
				Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.BatchMatMul(in[0], in[1], a) },
				Loops: func(in [][]float64) []float64 {
					var y []float64
					for at := 0; at < len(in[0]); at += tc.m * tc.k {
						b := at / tc.m * tc.p
						y = append(y, matMulLoops(in[0][at:], in[1][b:], tc.m, tc.k, tc.p, a)...)
					}
					return y
				},
			})
		}
	}
}

// batched puts leading axes before those of a matrix.
func batched(lead []int, m optest.Input) optest.Input {
	return optest.Input{Shape: append(append([]int{}, lead...), m.Shape...)}
}
