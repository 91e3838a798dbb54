package op_test

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestConvTranspose(t *testing.T) {
	for _, tc := range []struct {
		name   string
		x, w   []int
		a      device.ConvAttrs
		outPad []int
	}{
		{"one axis", []int{2, 3, 4}, []int{3, 2, 3}, device.ConvAttrs{}, nil},
		{"doubling", []int{1, 3, 3, 4}, []int{3, 2, 4, 4}, device.ConvAttrs{Stride: []int{2, 2}, Pad: []int{1, 1}}, nil},
		{"output padding", []int{2, 2, 3, 3}, []int{2, 3, 3, 3}, device.ConvAttrs{Stride: []int{2, 2}, Pad: []int{1, 1}}, []int{1, 0}},
		{"three axes", []int{1, 2, 2, 3, 3}, []int{2, 2, 1, 2, 2}, device.ConvAttrs{Stride: []int{1, 2, 2}}, nil},
		{"groups and dilation", []int{1, 4, 4, 3}, []int{4, 3, 2, 3}, device.ConvAttrs{Groups: 2, Dilation: []int{2, 1}, Stride: []int{1, 2}}, nil},
		{"depthwise", []int{2, 3, 3, 4}, []int{3, 1, 3, 3}, device.ConvAttrs{Groups: 3, Stride: []int{2, 1}, Pad: []int{1, 1}}, nil},
	} {
		prove(t, tc.name, optest.Case{
			In:    []optest.Input{shape(tc.x...), shape(tc.w...)},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.ConvTranspose(in[0], in[1], tc.a, tc.outPad) },
			Loops: func(in [][]float64) []float64 {
				return convTransposeLoops(in[0], in[1], tc.x, tc.w, tc.a, three(tc.outPad, 0))
			},
		})
	}
}

// convTransposeLoops adds every input, times every tap, to where it leads.
func convTransposeLoops(x, w []float64, xs, ws []int, a device.ConvAttrs, outPad [3]int) []float64 {
	in, kernel := three(xs[2:], 1), three(ws[2:], 1)
	stride, pad, dilation := three(a.Stride, 1), three(a.Pad, 0), three(a.Dilation, 1)
	var out [3]int
	for i := range out {
		out[i] = (in[i]-1)*stride[i] - 2*pad[i] + dilation[i]*(kernel[i]-1) + 1 + outPad[i]
	}
	groups := max(a.Groups, 1)
	channels, size := ws[1]*groups, out[0]*out[1]*out[2]
	y := make([]float64, xs[0]*channels*size)
	for n := range xs[0] {
		for c := range xs[1] {
			for k := range ws[1] {
				plane := y[(n*channels+c/(xs[1]/groups)*ws[1]+k)*size:]
				each(in, func(i [3]int) {
					each(kernel, func(t [3]int) {
						var at [3]int
						for axis := range at {
							at[axis] = i[axis]*stride[axis] - pad[axis] + t[axis]*dilation[axis]
							if at[axis] < 0 || at[axis] >= out[axis] {
								return
							}
						}
						plane[(at[0]*out[1]+at[1])*out[2]+at[2]] += at3(x[(n*xs[1]+c)*in[0]*in[1]*in[2]:], in, i) *
							at3(w[(c*ws[1]+k)*kernel[0]*kernel[1]*kernel[2]:], kernel, t)
					})
				})
			}
		}
	}
	return y
}

func TestConvTransposeMisuse(t *testing.T) {
	misuse(t, map[string]func(){
		"op: conv_transpose: x [1 2 4] and w [3 2 3] do not fit": func() { op.ConvTranspose(leaf(1, 2, 4), leaf(3, 2, 3), device.ConvAttrs{}, nil) },
		"op: conv_transpose: output padding [1], want":           func() { op.ConvTranspose(leaf(1, 2, 4), leaf(2, 2, 3), device.ConvAttrs{}, []int{1}) },
		"op: conv_transpose: x [1 1 2], w [1 1 3], pad [2] lead": func() { op.ConvTranspose(leaf(1, 1, 2), leaf(1, 1, 3), device.ConvAttrs{Pad: []int{2}}, nil) },
	})
}
