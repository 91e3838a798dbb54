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

// poolCases are geometries for maxima and averages.
var poolCases = []struct {
	name string
	x    []int
	a    device.PoolAttrs
}{
	{"one axis", []int{2, 2, 7}, device.PoolAttrs{Kernel: []int{3}}},
	{"overlapping, padded", []int{1, 2, 5, 6}, device.PoolAttrs{Kernel: []int{3, 3}, Stride: []int{2, 2}, Pad: []int{1, 1}}},
	{"three axes", []int{2, 2, 3, 4, 4}, device.PoolAttrs{Kernel: []int{1, 2, 2}}},
	{"stride past the kernel", []int{1, 2, 7}, device.PoolAttrs{Kernel: []int{1}, Stride: []int{2}}},
	{"ceil", []int{1, 2, 6, 7}, device.PoolAttrs{Kernel: []int{3, 2}, Stride: []int{2, 2}, Ceil: true}},
	{"ceil, last window dropped", []int{1, 1, 3}, device.PoolAttrs{Kernel: []int{2}, Stride: []int{4}, Pad: []int{1}, Ceil: true}},
	{"ceil, kernel past the axis", []int{1, 2, 1, 2, 5}, device.PoolAttrs{Kernel: []int{3, 3, 3}, Stride: []int{2, 2, 2}, Ceil: true}},
	{"padded behind only", []int{1, 3, 4, 5}, device.PoolAttrs{Kernel: []int{3, 3}, Stride: []int{2, 2}, Pad: []int{0, 0}, PadEnd: []int{1, 1}}},
	{"as S3D-G pools", []int{1, 2, 4, 5, 6}, device.PoolAttrs{Kernel: []int{3, 3, 3}, Stride: []int{2, 2, 2}, PadEnd: []int{1, 1, 1}, Ceil: true}},
	{"17 channels, as blocks do not divide them", []int{2, 17, 4, 4}, device.PoolAttrs{Kernel: []int{3, 3}, Stride: []int{1, 1}, Pad: []int{1, 1}}},
}

func TestMaxPool(t *testing.T) {
	for _, tc := range poolCases {
		prove(t, tc.name, optest.Case{
			In:    []optest.Input{shape(tc.x...)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.MaxPool(x, tc.a) }),
			Loops: func(in [][]float64) []float64 { return poolLoops(in[0], tc.x, tc.a, largest) },
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

func TestAvgPool(t *testing.T) {
	for _, tc := range poolCases {
		for _, tc.a.CountPad = range []bool{false, true} {
			prove(t, fmt.Sprintf("%s, padding counts %v", tc.name, tc.a.CountPad), optest.Case{
				In:    []optest.Input{shape(tc.x...)},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.AvgPool(x, tc.a) }),
				Loops: func(in [][]float64) []float64 { return poolLoops(in[0], tc.x, tc.a, mean) },
			})
		}
	}
}

func TestAdaptivePool(t *testing.T) {
	for _, tc := range []struct{ x, out []int }{
		{[]int{2, 3, 7}, []int{3}},
		{[]int{1, 2, 5, 6}, []int{2, 3}},
		{[]int{1, 2, 3, 4, 4}, []int{1, 1, 1}},
		{[]int{1, 2, 2, 3}, []int{4, 3}}, // more windows than inputs
		{[]int{2, 17, 3, 5, 5}, []int{3, 2, 4}},
	} {
		for name, kind := range map[string]struct {
			build func(x *gorgonia.Node, out ...int) *gorgonia.Node
			of    func(in []float64, size int) float64
		}{"average": {op.AdaptiveAvgPool, mean}, "maximum": {op.AdaptiveMaxPool, largest}} {
			prove(t, fmt.Sprint(name, tc.x, tc.out), optest.Case{
				In:    []optest.Input{shape(tc.x...)},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return kind.build(x, tc.out...) }),
				Loops: func(in [][]float64) []float64 { return adaptiveLoops(in[0], tc.x, tc.out, kind.of) },
			})
		}
	}
}

func largest(in []float64, _ int) float64 {
	best := math.Inf(-1)
	for _, v := range in {
		best = math.Max(best, v)
	}
	return best
}

func mean(in []float64, size int) float64 {
	s := 0.0
	for _, v := range in {
		s += v
	}
	return s / float64(size)
}

// span is a window along an axis: inputs [from, to) may lie outside, size of
// them count.
type span struct{ from, to, size int }

// poolLoops applies of to the inputs of each window.
func poolLoops(x []float64, xs []int, a device.PoolAttrs, of func(in []float64, size int) float64) []float64 {
	in, kernel := three(xs[2:], 1), three(a.Kernel, 1)
	stride, pad, padEnd := three(a.Stride, 1), three(a.Pad, 0), three(a.PadEnd, 0)
	if a.Stride == nil {
		stride = kernel
	}
	if a.PadEnd == nil {
		padEnd = pad
	}
	var spans [3][]span
	for i := range spans {
		end := in[i] + padEnd[i]
		for from := -pad[i]; ; from += stride[i] {
			to := from + kernel[i]
			// With ceil a window more where the one before leaves inputs or
			// padding over, if it begins before the end of the inputs.
			last := to-stride[i] >= end && from > -pad[i]
			if to > end && (!a.Ceil || last || from >= in[i]) {
				break
			}
			s := span{from, to, min(to, in[i]) - max(from, 0)}
			if a.CountPad {
				s.size = min(to, end) - from
			}
			spans[i] = append(spans[i], s)
		}
	}
	return windowLoops(x, xs, spans, of)
}

// adaptiveLoops divides each axis into windows whose bounds are those of equal
// parts, rounded outwards.
func adaptiveLoops(x []float64, xs, out []int, of func(in []float64, size int) float64) []float64 {
	in, windows := three(xs[2:], 1), three(out, 1)
	var spans [3][]span
	for i := range spans {
		for o := range windows[i] {
			width := float64(in[i]) / float64(windows[i])
			from, to := int(math.Floor(float64(o)*width+1e-9)), int(math.Ceil(float64(o+1)*width-1e-9))
			spans[i] = append(spans[i], span{from, to, to - from})
		}
	}
	return windowLoops(x, xs, spans, of)
}

func windowLoops(x []float64, xs []int, spans [3][]span, of func(in []float64, size int) float64) []float64 {
	in := three(xs[2:], 1)
	var y []float64
	for p := range xs[0] * xs[1] {
		plane := x[p*in[0]*in[1]*in[2]:]
		each([3]int{len(spans[0]), len(spans[1]), len(spans[2])}, func(o [3]int) {
			var inside []float64
			t, h, w := spans[0][o[0]], spans[1][o[1]], spans[2][o[2]]
			each(in, func(at [3]int) {
				if t.from <= at[0] && at[0] < t.to && h.from <= at[1] && at[1] < h.to && w.from <= at[2] && at[2] < w.to {
					inside = append(inside, at3(plane, in, at))
				}
			})
			y = append(y, of(inside, t.size*h.size*w.size))
		})
	}
	return y
}

func TestPoolMisuse(t *testing.T) {
	misuse(t, map[string]func(){
		"op: avg_pool: kernel [2], stride [2], pad [0 0]":         func() { op.AvgPool(leaf(1, 1, 4, 4), device.PoolAttrs{Kernel: []int{2}}) },
		"op: avg_pool: axis of 1 with padding 0 is shorter":       func() { op.AvgPool(leaf(1, 1, 1), device.PoolAttrs{Kernel: []int{2}}) },
		"op: avg_pool: x has shape [1 4]":                         func() { op.AvgPool(leaf(1, 4), device.PoolAttrs{Kernel: []int{2}}) },
		"op: adaptive_avg_pool: x has shape [1 1 4], [2 2] asked": func() { op.AdaptiveAvgPool(leaf(1, 1, 4), 2, 2) },
		"op: adaptive_max_pool: [0] of x [1 1 4]":                 func() { op.AdaptiveMaxPool(leaf(1, 1, 4), 0) },
	})
}
