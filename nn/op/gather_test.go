package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// Repeated ids add up in the gradient.
func TestGather(t *testing.T) {
	ids := []int32{4, 0, 0, 2, 4, 4}
	for _, idShape := range [][]int{{6}, {2, 3}, {1, 6, 1}} {
		for axis, s := range [][]int{{5, 3}, {2, 5, 3}, {2, 2, 5}} {
			prove(t, fmt.Sprint(idShape, s), optest.Case{
				In:    []optest.Input{shape(s...), {Shape: idShape, IDs: ids}},
				Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Gather(in[0], axis, in[1]) },
				Loops: func(in [][]float64) []float64 { return gatherLoops(in[0], s, axis, ids) },
			})
		}
	}
	prove(t, "one id", optest.Case{
		In:    []optest.Input{shape(2, 3), {Shape: []int{}, IDs: []int32{1}}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Gather(in[0], 1, in[1]) },
		Loops: func(in [][]float64) []float64 { return []float64{in[0][1], in[0][4]} },
	})
}

// gatherLoops is x at ids, a list, along axis.
func gatherLoops(x []float64, s []int, axis int, ids []int32) []float64 {
	out := append([]int{}, s...)
	out[axis] = len(ids)
	var y []float64
	for _, index := range indices(out) {
		index[axis] = int(ids[index[axis]])
		y = append(y, x[flat(s, index)])
	}
	return y
}

func TestTake(t *testing.T) {
	for axis, s := range [][]int{{4, 3}, {2, 4, 3}, {2, 2, 4}} {
		prove(t, fmt.Sprint(s), optest.Case{
			In:    []optest.Input{shape(s...)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Take(x, axis, []int{3, 0, 3}) }),
			Loops: func(in [][]float64) []float64 { return gatherLoops(in[0], s, axis, []int32{3, 0, 3}) },
		})
	}
}

func TestGatherEach(t *testing.T) {
	for _, idShape := range [][]int{{2, 2}, {2, 1, 2}} {
		prove(t, fmt.Sprint(idShape), optest.Case{
			In:    []optest.Input{shape(2, 3, 2), {Shape: idShape, IDs: []int32{2, 2, 0, 1}}},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.GatherEach(in[0], 1, in[1]) },
			Loops: func(in [][]float64) []float64 {
				x := in[0]
				return []float64{x[4], x[5], x[4], x[5], x[6], x[7], x[8], x[9]}
			},
		})
	}
	prove(t, "one of each row", optest.Case{
		In:    []optest.Input{shape(2, 3, 2), {Shape: []int{2}, IDs: []int32{2, 0}}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.GatherEach(in[0], 1, in[1]) },
		Loops: func(in [][]float64) []float64 {
			x := in[0]
			return []float64{x[4], x[5], x[6], x[7]}
		},
	})
}
