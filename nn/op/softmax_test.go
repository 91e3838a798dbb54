package op_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// softmaxLoops is the definition along axis.
func softmaxLoops(shape []int, axis int, x []float64) []float64 {
	y := make([]float64, len(x))
	for i, index := range indices(shape) {
		total, along := 0.0, append([]int{}, index...)
		for k := range shape[axis] {
			along[axis] = k
			total += math.Exp(x[flat(shape, along)] - x[i])
		}
		y[i] = 1 / total
	}
	return y
}

func TestSoftmax(t *testing.T) {
	for _, s := range [][]int{{4, 5}, {3, 1}, {2, 3, 4}, {2, 2, 3, 2}, {6}} {
		for axis := range s {
			prove(t, fmt.Sprint(s, axis), optest.Case{
				In:    []optest.Input{shape(s...)},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Softmax(x, axis) }),
				Loops: func(in [][]float64) []float64 { return softmaxLoops(s, axis, in[0]) },
			})
			prove(t, fmt.Sprint("log ", s, axis), optest.Case{
				In:    []optest.Input{shape(s...)},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.LogSoftmax(x, axis) }),
				Loops: func(in [][]float64) []float64 {
					y := softmaxLoops(s, axis, in[0])
					for i, v := range y {
						y[i] = math.Log(v)
					}
					return y
				},
			})
		}
	}
}

// Large entries do not overflow, and masked ones take no part.
func TestSoftmaxOfExtremes(t *testing.T) {
	optest.AgainstLoops(t, optest.Case{
		In:    []optest.Input{{Shape: []int{3, 2}, Values: []float64{1000, 1000, -1000, -2000, math.Inf(-1), 3}}},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Softmax(x, 1) }),
		Loops: func([][]float64) []float64 { return []float64{.5, .5, 1, 0, 0, 1} },
	})
}
