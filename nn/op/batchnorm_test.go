package op_test

import (
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

var normAttrs = device.BatchNormAttrs{Eps: 1e-5, Momentum: 0.1}

func TestBatchNorm(t *testing.T) {
	for _, tc := range []struct {
		name   string
		x      []int
		eval   bool
		frozen bool
		splits int
	}{
		{"features", []int{5, 3}, false, false, 1},
		{"clips", []int{2, 3, 2, 3, 2}, false, false, 1},
		{"clips in evaluation", []int{2, 3, 2, 3, 2}, true, false, 1},
		{"frozen in training", []int{2, 3, 2, 3}, false, true, 1},
		{"split", []int{6, 3, 2, 2}, false, false, 3},
		{"split features", []int{4, 3}, false, false, 2},
		{"split in evaluation", []int{4, 3, 2}, true, false, 2},
		{"split and frozen", []int{4, 3, 2}, false, true, 2},
	} {
		c := tc.x[1]
		attrs := normAttrs
		attrs.Frozen, attrs.Splits = tc.frozen, tc.splits
		variance := optest.Input{Shape: []int{c}, Values: []float64{0.5, 1.5, 2}, Fixed: true}
		prove(t, tc.name, optest.Case{
			In: []optest.Input{shape(tc.x...), shape(c), shape(c), {Shape: []int{c}, Fixed: true}, variance},
			Build: func(in []*gorgonia.Node) *gorgonia.Node {
				return op.BatchNorm(in[0], in[1], in[2], in[3], in[4], attrs)
			},
			Loops: func(in [][]float64) []float64 {
				// Each split is a batch of its own.
				run := slices.Clone(tc.x)
				run[0] /= tc.splits
				var y []float64
				for x := range slices.Chunk(in[0], len(in[0])/tc.splits) {
					y = append(y, batchNormLoops(append([][]float64{x}, in[1:]...), run, tc.eval || tc.frozen)...)
				}
				return y
			},
			Eval: tc.eval,
		})
	}
}

func batchNormLoops(in [][]float64, shape []int, eval bool) []float64 {
	x, gamma, beta := in[0], in[1], in[2]
	size := len(x) / (shape[0] * shape[1])
	y := make([]float64, len(x))
	for c := range shape[1] {
		mean, variance := in[3][c], in[4][c]
		var at []int // positions of channel c
		for i := range x {
			if i/size%shape[1] == c {
				at = append(at, i)
			}
		}
		if !eval {
			mean, variance = 0, 0
			for _, i := range at {
				mean += x[i] / float64(len(at))
			}
			for _, i := range at {
				variance += (x[i] - mean) * (x[i] - mean) / float64(len(at))
			}
		}
		for _, i := range at {
			y[i] = (x[i]-mean)/math.Sqrt(variance+normAttrs.Eps)*gamma[c] + beta[c]
		}
	}
	return y
}
