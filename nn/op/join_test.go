package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// index is the position of (i,j,k) in a tensor (2,b,3).
func index(i, j, k, b int) int { return (i*b+j)*3 + k }

func TestConcat(t *testing.T) {
	prove(t, "middle axis", optest.Case{
		In:    []optest.Input{shape(2, 1, 3), shape(2, 2, 3), shape(2, 1, 3)},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Concat(1, in...) },
		Loops: func(in [][]float64) []float64 {
			y := make([]float64, 24)
			for i := range 2 {
				for k := range 3 {
					y[index(i, 0, k, 4)] = in[0][index(i, 0, k, 1)]
					y[index(i, 1, k, 4)] = in[1][index(i, 0, k, 2)]
					y[index(i, 2, k, 4)] = in[1][index(i, 1, k, 2)]
					y[index(i, 3, k, 4)] = in[2][index(i, 0, k, 1)]
				}
			}
			return y
		},
	})
	for axis := range 2 {
		prove(t, fmt.Sprintf("the same twice along %d", axis), optest.Case{
			In:    []optest.Input{shape(1, 3)},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.Concat(axis, in[0], in[0]) },
			Loops: func(in [][]float64) []float64 { return append(append([]float64{}, in[0]...), in[0]...) },
		})
	}
}

func TestSlice(t *testing.T) {
	for _, r := range [][2]int{{0, 1}, {1, 3}, {3, 4}, {0, 4}} {
		prove(t, fmt.Sprint(r), optest.Case{
			In:    []optest.Input{shape(2, 4, 3)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Slice(x, 1, r[0], r[1]) }),
			Loops: func(in [][]float64) []float64 {
				var y []float64
				for i := range 2 {
					for j := r[0]; j < r[1]; j++ {
						for k := range 3 {
							y = append(y, in[0][index(i, j, k, 4)])
						}
					}
				}
				return y
			},
		})
	}
}

// Parts, each weighted, joined in reverse.
func TestSplit(t *testing.T) {
	prove(t, "middle axis", optest.Case{
		In: []optest.Input{shape(2, 4, 3)},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node {
			parts := op.Split(x, 1, 1, 2, 1)
			return op.Concat(1, parts[2], op.Scale(parts[1], 2), parts[0])
		}),
		Loops: func(in [][]float64) []float64 {
			var y []float64
			for i := range 2 {
				for _, from := range []struct {
					row    int
					factor float64
				}{{3, 1}, {1, 2}, {2, 2}, {0, 1}} {
					for k := range 3 {
						y = append(y, from.factor*in[0][index(i, from.row, k, 4)])
					}
				}
			}
			return y
		},
	})
}

func TestSliceStep(t *testing.T) {
	for axis, s := range [][]int{{7, 2}, {2, 7, 2}, {3, 2, 7}} {
		for _, r := range []struct {
			from, to, step int
			taken          []int32
		}{{0, 7, 2, []int32{0, 2, 4, 6}}, {1, 7, 2, []int32{1, 3, 5}}, {1, 6, 3, []int32{1, 4}}, {2, 4, 9, []int32{2}}} {
			prove(t, fmt.Sprint(s, r), optest.Case{
				In:    []optest.Input{shape(s...)},
				Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.SliceStep(x, axis, r.from, r.to, r.step) }),
				Loops: func(in [][]float64) []float64 { return gatherLoops(in[0], s, axis, r.taken) },
			})
		}
	}
}

func TestReshape(t *testing.T) {
	same := func(in [][]float64) []float64 { return in[0] }
	for _, s := range [][]int{{6, 4}, {24}, {1, 2, 3, 4}} {
		prove(t, fmt.Sprint(s), optest.Case{
			In:    []optest.Input{shape(2, 3, 4)},
			Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Reshape(x, s...) }),
			Loops: same,
		})
	}
	prove(t, "to a scalar", optest.Case{
		In:    []optest.Input{shape(1, 1)},
		Build: unary(func(x *gorgonia.Node) *gorgonia.Node { return op.Reshape(x) }),
		Loops: same,
	})
}
