package op_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestGroupNorm(t *testing.T) {
	for _, tc := range []struct {
		x      []int
		groups int
	}{
		{[]int{3, 4}, 2},
		{[]int{2, 6, 5}, 3},
		{[]int{2, 4, 2, 3}, 1},
		{[]int{2, 3, 2, 2, 2}, 3},
	} {
		c, attrs := tc.x[1], device.GroupNormAttrs{Groups: tc.groups, Eps: 1e-5}
		prove(t, fmt.Sprint(tc.x, tc.groups), optest.Case{
			In:    []optest.Input{shape(tc.x...), shape(c), shape(c)},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.GroupNorm(in[0], in[1], in[2], attrs) },
			Loops: func(in [][]float64) []float64 { return groupNormLoops(in, tc.x, attrs) },
		})
	}
}

func groupNormLoops(in [][]float64, xs []int, a device.GroupNormAttrs) []float64 {
	x := in[0]
	size := len(x) / (xs[0] * xs[1])
	y := make([]float64, len(x))
	run := xs[1] / a.Groups * size // elements of a group
	for first := 0; first < len(x); first += run {
		group := x[first : first+run]
		m, variance := mean(group, run), 0.0
		for _, v := range group {
			variance += (v - m) * (v - m) / float64(run)
		}
		for i := range group {
			c := (first + i) / size % xs[1]
			y[first+i] = (group[i]-m)/math.Sqrt(variance+a.Eps)*in[1][c] + in[2][c]
		}
	}
	return y
}

func TestNormMisuse(t *testing.T) {
	misuse(t, map[string]func(){
		"op: batch_norm: x (3, 2) in 2 splits":                 func() { x := leaf(2); op.BatchNorm(leaf(3, 2), x, x, x, x, device.BatchNormAttrs{Splits: 2}) },
		"op: group_norm: 2 groups of the channels of x (4, 3)": func() { x := leaf(3); op.GroupNorm(leaf(4, 3), x, x, device.GroupNormAttrs{Groups: 2}) },
		"op: group_norm: parameter (2) for x (4, 3)":           func() { x := leaf(2); op.GroupNorm(leaf(4, 3), x, x, device.GroupNormAttrs{Groups: 3}) },
	})
}
