package loss

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op/optest"
)

// clipLoops averages the surprise of rows and columns. Pairs of the mask are
// left out.
func clipLoops(image, text []float64, scale float64, masked map[[2]int]bool, d int) float64 {
	n := len(image) / d
	logit := func(i, j int) float64 { return scale * dot(image, i, text, j, d) }
	total := 0.
	for i := range n {
		var row, column []float64
		for j := range n {
			if !masked[[2]int{i, j}] {
				row = append(row, logit(i, j))
			}
			if !masked[[2]int{j, i}] {
				column = append(column, logit(j, i))
			}
		}
		total += surprise(logit(i, i), row) + surprise(logit(i, i), column)
	}
	return total / float64(2*n)
}

func TestCLIP(t *testing.T) {
	const d = 4
	equal := map[[2]int]bool{{0, 2}: true, {2, 0}: true} // captions 0 and 2
	for _, tc := range []struct {
		name   string
		n      int
		masked map[[2]int]bool
	}{
		{"one pair", 1, nil},
		{"three pairs", 3, nil},
		{"two equal captions", 3, equal},
	} {
		t.Run(tc.name, func(t *testing.T) {
			logScale := math.Log(5)
			c := optest.Case{In: []optest.Input{
				{Shape: []int{tc.n, d}}, {Shape: []int{tc.n, d}}, {Shape: []int{}, Values: []float64{logScale}},
			}}
			if tc.masked != nil {
				c.In = append(c.In, optest.Input{Shape: []int{tc.n}, IDs: []int32{4, 1, 4}})
			}
			c.Build = func(in []*gorgonia.Node) *gorgonia.Node {
				var ids *gorgonia.Node
				if len(in) > 3 {
					ids = in[3]
				}
				return CLIP(in[0], in[1], in[2], ids).Loss
			}
			c.Loops = func(in [][]float64) []float64 {
				return []float64{clipLoops(unit(in[0], d), unit(in[1], d), math.Exp(logScale), tc.masked, d)}
			}
			optest.AgainstLoops(t, c)
			optest.Gradient(t, c)
		})
	}
}
