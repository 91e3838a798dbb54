package op_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// interpolateLoops weighs every input by its distance along each axis.
func interpolateLoops(x []float64, in, out []int, linear bool) []float64 {
	var y []float64
	for _, to := range indices(out) {
		v := 0.0
		for i, from := range indices(in) {
			w := 1.0
			for axis := range in {
				w *= share(from[axis], to[axis], in[axis], out[axis], linear)
			}
			v += w * x[i]
		}
		y = append(y, v)
	}
	return y
}

// share is the weight of element i of an axis in output o.
func share(i, o, in, out int, linear bool) float64 {
	if !linear {
		if int(math.Floor(float64(o)*float64(in)/float64(out))) == i {
			return 1
		}
		return 0
	}
	place := (float64(o)+.5)*float64(in)/float64(out) - .5
	place = math.Min(math.Max(place, 0), float64(in-1))
	return math.Max(0, 1-math.Abs(place-float64(i)))
}

func TestInterpolate(t *testing.T) {
	for _, tc := range []struct{ in, sizes []int }{
		{[]int{2, 3, 4}, []int{8}},
		{[]int{2, 1, 7}, []int{3}},
		{[]int{1, 2, 2, 3}, []int{4, 5}},
		{[]int{1, 2, 5, 4}, []int{2, 1}},
		{[]int{1, 1, 2, 3, 2}, []int{3, 3, 5}},
		{[]int{2, 2, 3, 2, 2}, []int{3, 2, 2}}, // as it is
	} {
		for _, linear := range []bool{false, true} {
			build := op.Interpolate
			if linear {
				build = op.InterpolateLinear
			}
			prove(t, fmt.Sprint(tc, linear), optest.Case{
				In:    []optest.Input{shape(tc.in...)},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return build(x, tc.sizes...) }),
				Loops: func(in [][]float64) []float64 {
					return interpolateLoops(in[0], tc.in, append(tc.in[:2:2], tc.sizes...), linear)
				},
			})
		}
	}
}

// torch.nn.functional.interpolate(x, size=(3,5)) and the same with
// mode="bilinear", of PyTorch 2.15.
func TestInterpolateAsTorch(t *testing.T) {
	x := optest.Input{Shape: []int{1, 1, 2, 3}, Values: []float64{1, -2, 3, .5, 4, -1}}
	optest.AgainstLoops(t, optest.Case{In: []optest.Input{x},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Interpolate(x, 3, 5) }),
		Loops: func([][]float64) []float64 {
			return []float64{1, 1, -2, -2, 3, 1, 1, -2, -2, 3, .5, .5, 4, 4, -1}
		}})
	optest.AgainstLoops(t, optest.Case{In: []optest.Input{x},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.InterpolateLinear(x, 3, 5) }),
		Loops: func([][]float64) []float64 {
			return []float64{1, -.2, -2, 1, 3, .75, .85, 1, 1, 1, .5, 1.9, 4, 1, -1}
		}})
}
