package loss

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// rhoCase has rho trained inputs (n,d), then more fixed ones of given rows.
func rhoCase(rho, n, d int, fixed ...int) optest.Case {
	var c optest.Case
	for range rho {
		c.In = append(c.In, optest.Input{Shape: []int{n, d}})
	}
	for _, rows := range fixed {
		c.In = append(c.In, optest.Input{Shape: []int{rows, d}, Fixed: true})
	}
	return c
}

// summed adds up scalars.
func summed(losses []*gorgonia.Node) *gorgonia.Node {
	sum := losses[0]
	for _, l := range losses[1:] {
		sum = op.Add(sum, l)
	}
	return sum
}

func TestRhoInfoNCE(t *testing.T) {
	const n, d, past = 2, 3, 5
	for _, rho := range []int{2, 3, 4} {
		fixed := []int{}
		for range rho {
			fixed = append(fixed, n)
		}
		c := rhoCase(rho, n, d, append(fixed, past)...)
		c.Build = func(in []*gorgonia.Node) *gorgonia.Node {
			return summed(RhoInfoNCE(in[:rho], in[rho:2*rho], in[2*rho], InfoNCEOptions{Temperature: .3}))
		}
		c.Loops = func(in [][]float64) []float64 {
			total := 0.
			for i := range rho {
				for j := range rho {
					if j != i {
						total += infoNCELoops(unit(in[i], d), in[rho+j], in[2*rho], nil, d, .3) / float64(rho-1)
					}
				}
			}
			return []float64{total}
		}
		optest.AgainstLoops(t, c)
		optest.Gradient(t, c)
	}
}

func TestRhoCosine(t *testing.T) {
	const n, d = 3, 4
	for _, rho := range []int{2, 3} {
		fixed := []int{}
		for range rho {
			fixed = append(fixed, n)
		}
		c := rhoCase(rho, n, d, fixed...)
		c.Build = func(in []*gorgonia.Node) *gorgonia.Node { return summed(RhoCosine(in[:rho], in[rho:], .5)) }
		c.Loops = func(in [][]float64) []float64 {
			total := 0.
			for i := range rho {
				for j := range rho {
					for b := range n {
						if j != i {
							total -= dot(unit(in[i], d), b, unit(in[rho+j], d), b, d) / .5 / n / float64(rho-1)
						}
					}
				}
			}
			return []float64{total}
		}
		optest.AgainstLoops(t, c)
		optest.Gradient(t, c)
	}
}

func TestRhoNTXent(t *testing.T) {
	const n, d = 3, 4
	c := rhoCase(3, n, d)
	c.Build = func(in []*gorgonia.Node) *gorgonia.Node {
		pairs := RhoNTXent(in, NTXentOptions{Temperature: .4})
		return op.Add(pairs[0].Loss, pairs[1].Loss)
	}
	c.Loops = func(in [][]float64) []float64 {
		pair := func(a, b []float64) float64 {
			return ntXentLoops(unit(append(append([]float64{}, a...), b...), d), nil, d, .4, 0)
		}
		return []float64{pair(in[0], in[1]) + pair(in[1], in[2])}
	}
	optest.AgainstLoops(t, c)
	optest.Gradient(t, c)
}
