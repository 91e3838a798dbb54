package op_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestMaxPool(t *testing.T) {
	for _, tc := range []struct {
		name string
		x    []int
		a    device.PoolAttrs
	}{
		{"one axis", []int{2, 2, 7}, device.PoolAttrs{Kernel: []int{3}}},
		{"overlapping, padded", []int{1, 2, 5, 6}, device.PoolAttrs{Kernel: []int{3, 3}, Stride: []int{2, 2}, Pad: []int{1, 1}}},
		{"three axes", []int{2, 2, 3, 4, 4}, device.PoolAttrs{Kernel: []int{1, 2, 2}}},
	} {
		prove(t, tc.name, optest.Case{
			In:    []optest.Input{shape(tc.x...)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.MaxPool(x, tc.a) }),
			Loops: func(in [][]float64) []float64 { return maxPoolLoops(in[0], tc.x, tc.a) },
		})
	}
	// All elements below zero and of equal size: neither padding nor a later
	// equal element may win.
	equal := make([]float64, 9)
	for i := range equal {
		equal[i] = -1
	}
	a := device.PoolAttrs{Kernel: []int{2, 2}, Stride: []int{2, 2}, Pad: []int{1, 1}}
	optest.AgainstLoops(t, optest.Case{
		In:    []optest.Input{{Shape: []int{1, 1, 3, 3}, Values: equal}},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.MaxPool(x, a) }),
		Loops: func(in [][]float64) []float64 { return []float64{-1, -1, -1, -1} },
	})
}

func maxPoolLoops(x []float64, shape []int, a device.PoolAttrs) []float64 {
	in, kernel := three(shape[2:], 1), three(a.Kernel, 1)
	stride, pad := three(a.Stride, 1), three(a.Pad, 0)
	if a.Stride == nil {
		stride = kernel
	}
	var out [3]int
	for i := range out {
		out[i] = (in[i]+2*pad[i]-kernel[i])/stride[i] + 1
	}
	size := in[0] * in[1] * in[2]
	var y []float64
	for p := range shape[0] * shape[1] {
		each(out, func(o [3]int) {
			best := math.Inf(-1)
			each(kernel, func(k [3]int) {
				var at [3]int
				for i := range at {
					at[i] = o[i]*stride[i] - pad[i] + k[i]
					if at[i] < 0 || at[i] >= in[i] {
						return
					}
				}
				best = math.Max(best, at3(x[p*size:], in, at))
			})
			y = append(y, best)
		})
	}
	return y
}
