package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// Every way in which operands broadcast: as they are, numbers on either side,
// missing axes, and axes of size 1 first, last, in the middle and on both.
var broadcasts = []struct{ a, b, out []int }{
	{[]int{2, 3, 4}, []int{2, 3, 4}, []int{2, 3, 4}},
	{[]int{2, 3}, []int{}, []int{2, 3}},
	{[]int{}, []int{2, 3}, []int{2, 3}},
	{[]int{}, []int{}, []int{}},
	{[]int{1}, []int{1}, []int{1}},
	{[]int{2, 3}, []int{3}, []int{2, 3}},
	{[]int{4}, []int{2, 1, 4}, []int{2, 1, 4}},
	{[]int{2, 3}, []int{2, 1}, []int{2, 3}},
	{[]int{3, 1}, []int{1, 4}, []int{3, 4}},
	{[]int{2, 3, 2, 2, 2}, []int{2, 3, 1, 1, 1}, []int{2, 3, 2, 2, 2}},
	{[]int{1, 3, 1, 2}, []int{2, 1, 2, 1}, []int{2, 3, 2, 2}},
}

func TestBinary(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(a, b *gorgonia.Node) *gorgonia.Node
		loop  func(a, b float64) float64
	}{
		{"add", op.Add, func(a, b float64) float64 { return a + b }},
		{"sub", op.Sub, func(a, b float64) float64 { return a - b }},
		{"mul", op.Mul, func(a, b float64) float64 { return a * b }},
		{"div", divisor, func(a, b float64) float64 { return a / (b*b + 1) }},
	} {
		for _, s := range broadcasts {
			prove(t, fmt.Sprint(tc.name, s.a, s.b), optest.Case{
				In:    []optest.Input{shape(s.a...), shape(s.b...)},
				Build: func(in []*gorgonia.Node) *gorgonia.Node { return tc.build(in[0], in[1]) },
				Loops: func(in [][]float64) []float64 {
					var y []float64
					for _, index := range indices(s.out) {
						y = append(y, tc.loop(in[0][flat(s.a, index)], in[1][flat(s.b, index)]))
					}
					return y
				},
			})
		}
	}
}

// divisor is a/(b²+1), as quotients by numbers near 0 have no differences.
func divisor(a, b *gorgonia.Node) *gorgonia.Node {
	one := op.Exp(op.Scale(b, 0))
	return op.Div(a, op.Add(op.Square(b), one))
}

// More elements than one task has, in long runs and in many short ones.
func TestBinaryInParallel(t *testing.T) {
	for _, s := range [][2][]int{{{3, 20000}, {3, 1}}, {{1, 50000}, {1, 50000}}, {{9000, 1, 3}, {2, 1}}, {{7, 1}, {1, 9000}}} {
		optest.AgainstLoops(t, optest.Case{
			In:    []optest.Input{shape(s[0]...), shape(s[1]...)},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Sub(in[0], in[1]) },
			Loops: func(in [][]float64) []float64 {
				var y []float64
				out := make([]int, len(s[0]))
				for i := range out {
					out[i] = s[0][i]
					if j := i - len(out) + len(s[1]); j >= 0 {
						out[i] = max(out[i], s[1][j])
					}
				}
				for _, index := range indices(out) {
					y = append(y, in[0][flat(s[0], index)]-in[1][flat(s[1], index)])
				}
				return y
			},
		})
	}
}

// Both operands may be one node.
func TestBinaryOfOne(t *testing.T) {
	prove(t, "square", optest.Case{
		In:    []optest.Input{shape(2, 3)},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Mul(x, x) }),
		Loops: func(in [][]float64) []float64 {
			var y []float64
			for _, v := range in[0] {
				y = append(y, v*v)
			}
			return y
		},
	})
}
