package op_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// groups collects, for each output of a reduction in row-major order, the
// places of its inputs.
func groups(shape, axes []int) [][]int {
	kept := slices.Clone(shape)
	for _, a := range axes {
		kept[a] = 1
	}
	places := make([][]int, len(indices(kept)))
	for i, index := range indices(shape) {
		at := flat(kept, index)
		places[at] = append(places[at], i)
	}
	return places
}

// Axes first, last, in the middle, apart, all and of size 1.
var reductions = []struct{ shape, axes []int }{
	{[]int{3, 4, 2}, []int{0, 1, 2}},
	{[]int{3, 4}, []int{0}},
	{[]int{3, 4}, []int{1}},
	{[]int{2, 3, 4}, []int{1}},
	{[]int{2, 3, 2, 2, 2}, []int{2, 3, 4}},
	{[]int{2, 3, 2, 2, 2}, []int{4, 0, 3, 2}},
	{[]int{2, 3, 4, 2}, []int{0, 2}},
	{[]int{2, 3, 2, 3}, []int{1, 3}},
	{[]int{2, 1, 3}, []int{1}},
	{[]int{1, 1}, []int{0, 1}},
	{[]int{2, 600}, []int{0}},
}

func TestReduce(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(x *gorgonia.Node, axes ...int) *gorgonia.Node
		loop  func(v []float64) float64
	}{
		{"sum", op.Sum, total},
		{"mean", op.Mean, func(v []float64) float64 { return total(v) / float64(len(v)) }},
		{"max", op.Max, slices.Max[[]float64]},
		{"logsumexp", op.LogSumExp, func(v []float64) float64 {
			s := 0.0
			for _, x := range v {
				s += math.Exp(x)
			}
			return math.Log(s)
		}},
	} {
		for _, r := range reductions {
			prove(t, fmt.Sprint(tc.name, r), optest.Case{
				In:    []optest.Input{shape(r.shape...)},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return tc.build(x, r.axes...) }),
				Loops: func(in [][]float64) []float64 {
					var y []float64
					for _, places := range groups(r.shape, r.axes) {
						var v []float64
						for _, i := range places {
							v = append(v, in[0][i])
						}
						y = append(y, tc.loop(v))
					}
					return y
				},
			})
		}
	}
}

func total(v []float64) float64 {
	s := 0.0
	for _, x := range v {
		s += x
	}
	return s
}

func TestReduceAll(t *testing.T) {
	for _, s := range [][]int{{2, 3}, {}} {
		prove(t, fmt.Sprint(s), optest.Case{
			In:    []optest.Input{shape(s...)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Sum(x) }),
			Loops: func(in [][]float64) []float64 { return []float64{total(in[0])} },
		})
	}
}

// Equal maxima share the gradient, as central differences do.
func TestMaxOfTies(t *testing.T) {
	optest.Gradient(t, optest.Case{
		In:    []optest.Input{{Shape: []int{3}, Values: []float64{1, 3, 3}}},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Max(x) }),
	})
}

func TestLogSumExpOfMasked(t *testing.T) {
	inf := math.Inf(-1)
	optest.AgainstLoops(t, optest.Case{
		In:    []optest.Input{{Shape: []int{3, 2}, Values: []float64{1000, 1000, inf, 2, -3000, inf}}},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.LogSumExp(x, 1) }),
		Loops: func([][]float64) []float64 { return []float64{1000 + math.Ln2, 2, -3000} },
	})
}

func TestBroadcast(t *testing.T) {
	for _, tc := range []struct{ from, to []int }{
		{[]int{}, []int{2, 3}}, {[]int{3}, []int{2, 3}}, {[]int{2, 1}, []int{2, 3}}, {[]int{2, 3}, []int{2, 3}},
		{[]int{2, 1, 2, 1}, []int{2, 3, 2, 2}},
	} {
		prove(t, fmt.Sprint(tc), optest.Case{
			In:    []optest.Input{shape(tc.from...)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Broadcast(op.Scale(x, 1), tc.to...) }),
			Loops: func(in [][]float64) []float64 {
				var y []float64
				for _, index := range indices(tc.to) {
					y = append(y, in[0][flat(tc.from, index)])
				}
				return y
			},
		})
	}
}

func TestDot(t *testing.T) {
	for _, r := range reductions {
		prove(t, fmt.Sprint(r), optest.Case{
			In:    []optest.Input{shape(r.shape...), shape(r.shape...)},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Dot(in[0], in[1], r.axes...) },
			Loops: func(in [][]float64) []float64 {
				var y []float64
				for _, places := range groups(r.shape, r.axes) {
					s := 0.0
					for _, i := range places {
						s += in[0][i] * in[1][i]
					}
					y = append(y, s)
				}
				return y
			},
		})
	}
}
