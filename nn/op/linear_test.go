package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestLinear(t *testing.T) {
	for _, tc := range []struct {
		x   []int
		out int
	}{
		{[]int{1, 1}, 1}, {[]int{5, 3}, 4}, {[]int{2, 3, 7}, 40}, {[]int{2, 2, 1, 3, 5}, 2}, {[]int{33, 40}, 17},
	} {
		d := tc.x[len(tc.x)-1]
		for _, bias := range []bool{true, false} {
			in := []optest.Input{shape(tc.x...), shape(tc.out, d)}
			if bias {
				in = append(in, shape(tc.out))
			}
			prove(t, fmt.Sprint(tc, bias), optest.Case{
				In: in,
				Build: func(in []*gorgonia.Node) *gorgonia.Node {
					return op.Linear(in[0], in[1], append(in, nil)[2])
				},
				Loops: func(in [][]float64) []float64 { return linearLoops(in, d, tc.out) },
			})
		}
	}
}

func linearLoops(in [][]float64, d, out int) []float64 {
	var y []float64
	for r := range len(in[0]) / d {
		for o := range out {
			sum := 0.0
			if len(in) == 3 {
				sum = in[2][o]
			}
			for i := range d {
				sum += in[0][r*d+i] * in[1][o*d+i]
			}
			y = append(y, sum)
		}
	}
	return y
}
