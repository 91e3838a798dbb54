package loss

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op/optest"
)

// infoNCELoops is equation 1 of arXiv:1911.05722; keys, past and hard rows are
// taken as they are.
func infoNCELoops(q, keys, past, hard []float64, d int, tau float64) float64 {
	n := len(q) / d
	total := 0.
	for i := range n {
		positive := dot(q, i, keys, i, d) / tau
		all := []float64{positive}
		for j := range len(past) / d {
			all = append(all, dot(q, i, past, j, d)/tau)
		}
		if hard != nil {
			all = append(all, dot(q, i, hard, i, d)/tau)
		}
		total += surprise(positive, all)
	}
	return total / float64(n)
}

func TestInfoNCE(t *testing.T) {
	const d = 4
	for _, tc := range []struct {
		name    string
		n, past int
		hard    bool
	}{
		{"one negative", 1, 1, false},
		{"queue larger than batch", 2, 16, false},
		{"queue smaller than batch", 5, 3, false},
		{"hard negatives", 3, 4, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := optest.Case{In: []optest.Input{
				{Shape: []int{tc.n, d}}, {Shape: []int{tc.n, d}, Fixed: true}, {Shape: []int{tc.past, d}, Fixed: true},
			}}
			if tc.hard {
				c.In = append(c.In, optest.Input{Shape: []int{tc.n, d}, Fixed: true})
			}
			c.Build = func(in []*gorgonia.Node) *gorgonia.Node {
				o := InfoNCEOptions{Temperature: .5}
				if tc.hard {
					o.Hard = in[len(in)-1]
				}
				nodes := InfoNCE(in[0], in[1], in[2], o)
				if want := len(c.In) - 1 + max(tc.past-1, 0); nodes.Candidates != want {
					t.Errorf("%d candidates, want %d", nodes.Candidates, want)
				}
				return nodes.Loss
			}
			c.Loops = func(in [][]float64) []float64 {
				var past, hard []float64
				if tc.past > 0 {
					past = in[2]
				}
				if tc.hard {
					hard = in[len(in)-1]
				}
				return []float64{infoNCELoops(unit(in[0], d), in[1], past, hard, d, .5)}
			}
			optest.AgainstLoops(t, c)
			optest.Gradient(t, c)
		})
	}
}
