package op_test

import (
	"fmt"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestMatMul(t *testing.T) {
	for _, size := range [][3]int{{1, 1, 1}, {3, 5, 4}, {18, 7, 9}} {
		for i := range 4 {
			m, k, p := size[0], size[1], size[2]
			a := device.MatMulAttrs{TransA: i&1 != 0, TransB: i&2 != 0}
			prove(t, fmt.Sprintf("%v %+v", size, a), optest.Case{
				In:    []optest.Input{matrix(m, k, a.TransA), matrix(k, p, a.TransB)},
				Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.MatMul(in[0], in[1], a) },
				Loops: func(in [][]float64) []float64 { return matMulLoops(in[0], in[1], m, k, p, a) },
			})
		}
	}
}

func matrix(rows, columns int, transposed bool) optest.Input {
	if transposed {
		return shape(columns, rows)
	}
	return shape(rows, columns)
}

func matMulLoops(a, b []float64, m, k, p int, t device.MatMulAttrs) []float64 {
	at := func(v []float64, rows, columns, i, j int, transposed bool) float64 {
		if transposed {
			return v[j*rows+i]
		}
		return v[i*columns+j]
	}
	var y []float64
	for i := range m {
		for j := range p {
			sum := 0.0
			for l := range k {
				sum += at(a, m, k, i, l, t.TransA) * at(b, k, p, l, j, t.TransB)
			}
			y = append(y, sum)
		}
	}
	return y
}
