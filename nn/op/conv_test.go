package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestConv(t *testing.T) {
	for _, tc := range []struct {
		name string
		x, w []int
		a    device.ConvAttrs
	}{
		{"one axis", []int{2, 3, 7}, []int{4, 3, 3}, device.ConvAttrs{}},
		{"two axes, pad and stride", []int{2, 2, 6, 5}, []int{3, 2, 3, 2}, device.ConvAttrs{Stride: []int{2, 1}, Pad: []int{1, 1}}},
		{"three axes as in R3D", []int{2, 2, 4, 5, 5}, []int{3, 2, 3, 3, 3}, device.ConvAttrs{Stride: []int{1, 2, 2}, Pad: []int{1, 1, 1}}},
		{"stem of R3D", []int{1, 3, 3, 9, 9}, []int{2, 3, 3, 7, 7}, device.ConvAttrs{Stride: []int{1, 2, 2}, Pad: []int{1, 3, 3}}},
		{"pointwise, strided", []int{2, 3, 3, 4, 4}, []int{5, 3, 1, 1, 1}, device.ConvAttrs{Stride: []int{2, 2, 2}}},
		{"groups and dilation", []int{1, 4, 7, 8}, []int{6, 2, 3, 2}, device.ConvAttrs{Dilation: []int{2, 3}, Groups: 2, Pad: []int{0, 2}}},
		{"depthwise", []int{2, 3, 5, 4}, []int{3, 1, 3, 3}, device.ConvAttrs{Groups: 3, Pad: []int{1, 1}}},
		{"depthwise along one axis, dilated", []int{2, 4, 9}, []int{4, 1, 3}, device.ConvAttrs{Groups: 4, Pad: []int{2}, Dilation: []int{2}}},
		{"depthwise in three axes, as in X3D", []int{1, 3, 3, 5, 5}, []int{3, 1, 3, 3, 3}, device.ConvAttrs{Groups: 3, Stride: []int{1, 2, 2}, Pad: []int{1, 1, 1}}},
		{"depthwise in time, as X3D begins", []int{1, 3, 5, 2, 2}, []int{3, 1, 5, 1, 1}, device.ConvAttrs{Groups: 3, Pad: []int{2, 0, 0}}},
		{"two outputs a channel", []int{1, 3, 4, 4}, []int{6, 1, 3, 3}, device.ConvAttrs{Groups: 3, Pad: []int{1, 1}}},
		{"groups and dilation in three axes", []int{2, 4, 5, 4, 4}, []int{4, 2, 2, 2, 2}, device.ConvAttrs{Groups: 2, Dilation: []int{3, 2, 1}, Stride: []int{1, 1, 2}}},
		{"padding beyond a kernel's reach", []int{1, 1, 2, 2}, []int{1, 1, 5, 5}, device.ConvAttrs{Pad: []int{2, 2}}},
		{"several tiles", []int{1, 1, 3, 20, 20}, []int{2, 1, 3, 3, 3}, device.ConvAttrs{Pad: []int{1, 1, 1}}},
	} {
		prove(t, tc.name, optest.Case{
			In:    []optest.Input{shape(tc.x...), shape(tc.w...)},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Conv(in[0], in[1], tc.a) },
			Loops: func(in [][]float64) []float64 { return convLoops(in[0], in[1], tc.x, tc.w, tc.a) },
		})
	}
}

// convLoops correlates one multiplication at a time; missing axes have size 1.
func convLoops(x, w []float64, xs, ws []int, a device.ConvAttrs) []float64 {
	in, kernel := three(xs[2:], 1), three(ws[2:], 1)
	stride, pad, dilation := three(a.Stride, 1), three(a.Pad, 0), three(a.Dilation, 1)
	var out [3]int
	for i := range out {
		out[i] = (in[i]+2*pad[i]-dilation[i]*(kernel[i]-1)-1)/stride[i] + 1
	}
	groups := max(a.Groups, 1)
	var y []float64
	for n := range xs[0] {
		for k := range ws[0] {
			each(out, func(o [3]int) {
				sum := 0.0
				for c := range ws[1] {
					channel := k/(ws[0]/groups)*ws[1] + c
					each(kernel, func(t [3]int) {
						var at [3]int
						for i := range at {
							at[i] = o[i]*stride[i] - pad[i] + t[i]*dilation[i]
						}
						sum += at3(x[(n*xs[1]+channel)*in[0]*in[1]*in[2]:], in, at) *
							at3(w[(k*ws[1]+c)*kernel[0]*kernel[1]*kernel[2]:], kernel, t)
					})
				}
				y = append(y, sum)
			})
		}
	}
	return y
}

// three puts sizes on the last of three axes.
func three(v []int, missing int) [3]int {
	a := [3]int{missing, missing, missing}
	copy(a[3-len(v):], v)
	return a
}

// each visits a grid in row-major order.
func each(size [3]int, f func(at [3]int)) {
	for i := range size[0] {
		for j := range size[1] {
			for k := range size[2] {
				f([3]int{i, j, k})
			}
		}
	}
}

// at3 is an element of a grid, 0 outside.
func at3(v []float64, size, at [3]int) float64 {
	for i := range at {
		if at[i] < 0 || at[i] >= size[i] {
			return 0
		}
	}
	return v[(at[0]*size[1]+at[1])*size[2]+at[2]]
}
