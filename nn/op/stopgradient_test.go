package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestStopGradient(t *testing.T) {
	// y = x · stop(x): the gradient is that of a constant factor.
	c := optest.Case{
		In: []optest.Input{shape(3, 2), {Shape: []int{3, 2}, Fixed: true}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node {
			return op.Mul(in[0], op.StopGradient(op.Add(in[1], in[1])))
		},
		Loops: func(in [][]float64) []float64 {
			var y []float64
			for i, v := range in[0] {
				y = append(y, v*2*in[1][i])
			}
			return y
		},
	}
	optest.AgainstLoops(t, c)
	optest.Gradient(t, c)
}

// x with its gradient times f, and (f-1)·x without any, is f·x in value and in
// gradient.
func TestGradScale(t *testing.T) {
	for _, f := range []float64{-1, .5, 0} {
		prove(t, fmt.Sprint(f), optest.Case{
			In: []optest.Input{shape(2, 2)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node {
				return op.Add(op.GradScale(x, f), op.Scale(op.StopGradient(x), f-1))
			}),
			Loops: func(in [][]float64) []float64 {
				var y []float64
				for _, x := range in[0] {
					y = append(y, f*x)
				}
				return y
			},
		})
	}
}
