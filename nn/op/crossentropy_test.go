package op_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

func TestCrossEntropy(t *testing.T) {
	for _, tc := range []struct {
		name    string
		logits  optest.Input
		targets []int32
	}{
		{"all rows", shape(4, 3), []int32{2, 0, 1, 2}},
		{"rows left out", shape(4, 5), []int32{-1, 4, 0, -1}},
		{"no row left", shape(2, 3), []int32{-1, -1}},
		{"one class", shape(3, 1), []int32{0, 0, 0}},
		{"large logits", optest.Input{Shape: []int{2, 2}, Values: []float64{1000, 998, -1000, -1001}}, []int32{1, 0}},
		{"masked column", optest.Input{Shape: []int{1, 3}, Values: []float64{1, math.Inf(-1), 2}, Fixed: true}, []int32{0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := optest.Case{
				In:    []optest.Input{tc.logits, {Shape: []int{len(tc.targets)}, IDs: tc.targets}},
				Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.CrossEntropy(in[0], in[1]) },
				Loops: func(in [][]float64) []float64 { return []float64{crossEntropyLoops(in[0], tc.targets)} },
			}
			optest.AgainstLoops(t, c)
			// Differences of a loss of 2000 lose too many digits, and an
			// infinite logit has none.
			if tc.logits.Values == nil {
				optest.Gradient(t, c)
			}
		})
	}
}

func crossEntropyLoops(logits []float64, targets []int32) float64 {
	m := len(logits) / len(targets)
	loss, rows := 0.0, 0.0
	for i, target := range targets {
		if target < 0 {
			continue
		}
		row := logits[i*m : (i+1)*m]
		top := math.Inf(-1)
		for _, v := range row {
			top = math.Max(top, v)
		}
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(v - top)
		}
		loss += top + math.Log(sum) - row[target]
		rows++
	}
	return loss / math.Max(rows, 1)
}

// Smoothing is the cross-entropy with the target spread out, by its definition.
func TestSmoothedCrossEntropy(t *testing.T) {
	const smoothing, classes = .1, 3
	targets := []int32{2, -1, 0, 1}
	prove(t, "rows left out", optest.Case{
		In:    []optest.Input{shape(4, classes), {Shape: []int{4}, IDs: targets}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node { return op.SmoothedCrossEntropy(in[0], in[1], smoothing) },
		Loops: func(in [][]float64) []float64 {
			loss := 0.0
			for i, target := range targets {
				for j := range int32(classes) {
					weight := smoothing / classes
					if j == target {
						weight += 1 - smoothing
					}
					if target >= 0 {
						loss += weight * crossEntropyLoops(in[0][i*classes:(i+1)*classes], []int32{j})
					}
				}
			}
			return []float64{loss / 3}
		},
	})
}
