package loss

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op/optest"
)

// sinkhornLoops scales the matrix of prototypes by samples in turn, as the
// paper's pseudo-code does.
func sinkhornLoops(scores []float64, n, p int, epsilon float64, iterations int) []float64 {
	q := make([]float64, n*p)
	total := 0.
	for i, s := range scores {
		q[i] = math.Exp(s / epsilon)
		total += q[i]
	}
	for i := range q {
		q[i] /= total
	}
	for range iterations {
		for k := range p {
			sum := 0.
			for i := range n {
				sum += q[i*p+k]
			}
			for i := range n {
				q[i*p+k] /= sum * float64(p)
			}
		}
		for i := range n {
			sum := 0.
			for k := range p {
				sum += q[i*p+k]
			}
			for k := range p {
				q[i*p+k] /= sum * float64(n)
			}
		}
	}
	for i := range q {
		q[i] *= float64(n)
	}
	return q
}

func TestSinkhorn(t *testing.T) {
	for _, tc := range []struct{ n, p, iterations int }{{4, 3, 3}, {1, 5, 1}, {6, 2, 0}} {
		c := optest.Case{
			In:    []optest.Input{{Shape: []int{tc.n, tc.p}, Fixed: true}},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return Sinkhorn(in[0], .5, tc.iterations) },
			Loops: func(in [][]float64) []float64 { return sinkhornLoops(in[0], tc.n, tc.p, .5, tc.iterations) },
		}
		optest.AgainstLoops(t, c)
	}
}

// Where scores and codes are of the same rows, the gradient is that of constant
// codes; the golden cases of rho-contrastive hold it to SwAV's.
func TestSwappedPrediction(t *testing.T) {
	const n, p = 3, 4
	for _, views := range []int{2, 4} {
		c := rhoCase(views, n, p, n, n)
		for i := range 2 {
			c.In[views+i].Values = []float64{1, 0, 0, 0, .25, .25, .25, .25, .1, .2, .3, .4}
		}
		c.Build = func(in []*gorgonia.Node) *gorgonia.Node { return SwappedPrediction(in[:views], in[views:], .7) }
		c.Loops = func(in [][]float64) []float64 {
			total := 0.
			for a := range 2 {
				for v := range views {
					for i := range n {
						row := make([]float64, p)
						for k := range row {
							row[k] = in[v][i*p+k] / .7
						}
						for k, x := range row {
							if v != a {
								total += in[views+a][i*p+k] * surprise(x, row) / n
							}
						}
					}
				}
			}
			return []float64{total / 2 / float64(views-1)}
		}
		optest.AgainstLoops(t, c)
		optest.Gradient(t, c)
	}
}
