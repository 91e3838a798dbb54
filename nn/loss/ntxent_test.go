package loss

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// ntXentLoops is equation 1 of arXiv:2002.05709, with hard negatives.
func ntXentLoops(z, hard []float64, d int, tau float64, offset int) float64 {
	rows := len(z) / d
	n := rows / 2
	total := 0.
	for i := range rows {
		var all []float64
		for j := range rows {
			if j != i {
				all = append(all, dot(z, i, z, j, d)/tau)
			}
		}
		for j := range len(hard) / d {
			all = append(all, dot(z, i, hard, j, d)/tau)
		}
		video, view := i%n, i/n
		partner := (video+offset+n)%n + (1-view)*n
		total += surprise(dot(z, i, z, partner, d)/tau, all)
	}
	return total / float64(rows)
}

func TestNTXent(t *testing.T) {
	const d = 4
	for _, tc := range []struct {
		name    string
		n, hard int
		o       NTXentOptions
	}{
		{"one video", 1, 0, NTXentOptions{Temperature: .5}},
		{"three videos", 3, 0, NTXentOptions{Temperature: .2}},
		{"raw rows", 3, 0, NTXentOptions{Temperature: 2, Raw: true}},
		{"hard negatives of every video", 3, 3, NTXentOptions{Temperature: .5}},
		{"more hard negatives than rows", 2, 5, NTXentOptions{Temperature: .5}},
		{"the wrong partner", 3, 0, NTXentOptions{Temperature: .5, PartnerOffset: 1}},
		{"the wrong partner backwards", 4, 0, NTXentOptions{Temperature: .5, PartnerOffset: -1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := optest.Case{In: []optest.Input{{Shape: []int{2 * tc.n, d}}}}
			if tc.hard > 0 {
				c.In = append(c.In, optest.Input{Shape: []int{tc.hard, d}})
			}
			c.Build = func(in []*gorgonia.Node) *gorgonia.Node {
				o := tc.o
				if len(in) > 1 {
					o.Negatives = in[1]
				}
				return NTXent(in[0], o).Loss
			}
			c.Loops = func(in [][]float64) []float64 {
				if !tc.o.Raw {
					for i := range in {
						in[i] = unit(in[i], d)
					}
				}
				var hard []float64
				if len(in) > 1 {
					hard = in[1]
				}
				return []float64{ntXentLoops(in[0], hard, d, tc.o.Temperature, tc.o.PartnerOffset)}
			}
			optest.AgainstLoops(t, c)
			optest.Gradient(t, c)
		})
	}
}

func TestNTXentHits(t *testing.T) {
	// Rows at the angles of a circle: 0 and its positive 3 meet; 1 is closer to 5
	// than to 4; 2 and its positive 5 are closest; 4 is closest to 0.
	angles := []float64{0, 1, 1.6, .1, -1, 1.5}
	rows := make([]float64, 0, 12)
	for _, a := range angles {
		rows = append(rows, math.Cos(a), math.Sin(a))
	}
	optest.AgainstLoops(t, optest.Case{In: []optest.Input{{Shape: []int{6, 2}, Values: rows}},
		Build: func(in []*gorgonia.Node) *gorgonia.Node {
			nodes := NTXent(in[0], NTXentOptions{Temperature: .5})
			if nodes.Candidates != 5 {
				t.Errorf("%d candidates, want 5", nodes.Candidates)
			}
			return nodes.Hits
		},
		Loops: func([][]float64) []float64 { return []float64{1, 0, 1, 1, 0, 1} },
	})
}

// With equal similarities everywhere an anchor guesses: the loss is the
// logarithm of the number of candidates, where training starts.
func TestNTXentOfAGuess(t *testing.T) {
	for _, n := range []int{2, 48} {
		h := make([]float64, 2*n*3)
		for i := range h {
			h[i] = 1
		}
		c := optest.Case{In: []optest.Input{{Shape: []int{2 * n, 3}, Values: h}},
			Build: func(in []*gorgonia.Node) *gorgonia.Node { return NTXent(in[0], NTXentOptions{Temperature: .1}).Loss },
			Loops: func([][]float64) []float64 { return []float64{math.Log(float64(2*n - 1))} },
		}
		t.Run(fmt.Sprint(n), func(t *testing.T) { optest.AgainstLoops(t, c) })
	}
}

// Leaves of equal name and type would be one: a second loss on a graph must
// not get the targets of the first.
func TestTargetsAreApart(t *testing.T) {
	logits := optest.Input{Shape: []int{2, 3}, Values: []float64{1, 2, 3, 4, 5, 9}}
	optest.AgainstLoops(t, optest.Case{In: []optest.Input{logits},
		Build: func(in []*gorgonia.Node) *gorgonia.Node {
			g := in[0].Graph()
			return op.Sub(CrossEntropy(in[0], Targets(g, []int32{0, 1})), CrossEntropy(in[0], Targets(g, []int32{2, 2})))
		},
		Loops: func(in [][]float64) []float64 { return []float64{(3. - 1 + 9 - 5) / 2} },
	})
}
