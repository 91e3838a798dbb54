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

func TestLayerNorm(t *testing.T) {
	for _, s := range [][]int{{4}, {3, 5}, {2, 3, 8}, {2, 2, 2, 40}} {
		for _, eps := range []float64{1e-12, 1e-6, 0.5} {
			d := s[len(s)-1]
			prove(t, fmt.Sprint(s, eps), optest.Case{
				In: []optest.Input{shape(s...), shape(d), shape(d)},
				Build: func(in []*gorgonia.Node) *gorgonia.Node {
					return op.LayerNorm(in[0], in[1], in[2], device.LayerNormAttrs{Eps: eps})
				},
				Loops: func(in [][]float64) []float64 { return layerNormLoops(in, d, eps) },
			})
		}
	}
}

func layerNormLoops(in [][]float64, d int, eps float64) []float64 {
	var y []float64
	for r := range len(in[0]) / d {
		row := in[0][r*d : (r+1)*d]
		mean, variance := 0.0, 0.0
		for _, v := range row {
			mean += v / float64(d)
		}
		for _, v := range row {
			variance += (v - mean) * (v - mean) / float64(d)
		}
		for i, v := range row {
			y = append(y, (v-mean)/math.Sqrt(variance+eps)*in[1][i]+in[2][i])
		}
	}
	return y
}
