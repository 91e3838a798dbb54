package op_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// attentionCase is an attention as the test's loops see it.
type attentionCase struct {
	name            string
	n, lq, lk, h, d int
	scale           float64
	causal          bool
	mask            []float64 // (n,lk), nil: none
	biases          int       // first axis of the bias, 0: none
	packed          bool
}

var attentionCases = []attentionCase{
	{name: "one of each", n: 1, lq: 1, lk: 1, h: 1, d: 1},
	{name: "cross", n: 2, lq: 3, lk: 5, h: 2, d: 4},
	{name: "scale", n: 1, lq: 4, lk: 4, h: 3, d: 2, scale: 1.3},
	{name: "causal", n: 2, lq: 4, lk: 4, h: 2, d: 3, causal: true},
	{name: "causal, fewer keys", n: 1, lq: 4, lk: 2, h: 1, d: 3, causal: true},
	{name: "mask, one sample hidden", n: 2, lq: 3, lk: 3, h: 2, d: 2, mask: []float64{1, 0, 1, 0, 0, 0}},
	{name: "mask and causal", n: 2, lq: 3, lk: 3, h: 1, d: 2, mask: []float64{0, 1, 1, 1, 1, 0}, causal: true},
	{name: "bias by head", n: 3, lq: 2, lk: 3, h: 2, d: 2, biases: 2},
	{name: "bias by sample and head", n: 2, lq: 2, lk: 3, h: 2, d: 2, biases: 4},
	{name: "one sample's bias", n: 1, lq: 2, lk: 3, h: 2, d: 2, biases: 2},
	{name: "packed", n: 2, lq: 5, lk: 5, h: 2, d: 3, packed: true},
	{name: "packed with all", n: 2, lq: 3, lk: 3, h: 2, d: 2, packed: true, causal: true, mask: []float64{1, 1, 1, 1, 0, 1}, biases: 2},
	{name: "more than a tile", n: 1, lq: 67, lk: 35, h: 1, d: 2},
	{name: "more than a tile, packed, causal", n: 1, lq: 70, lk: 70, h: 2, d: 2, packed: true, causal: true},
}

func TestAttention(t *testing.T) {
	for _, c := range attentionCases {
		prove(t, c.name, optest.Case{In: c.inputs(), Build: c.build, Loops: c.loops})
	}
}

func (c attentionCase) inputs() []optest.Input {
	w := c.h * c.d
	in := []optest.Input{shape(c.n, c.lq, w), shape(c.n, c.lk, w), shape(c.n, c.lk, w)}
	if c.packed {
		in = []optest.Input{shape(c.n, c.lq, 3*w)}
	}
	if c.mask != nil {
		in = append(in, optest.Input{Shape: []int{c.n, c.lk}, Values: c.mask, Fixed: true})
	}
	if c.biases > 0 {
		in = append(in, shape(c.biases, c.lq, c.lk))
	}
	return in
}

func (c attentionCase) build(in []*gorgonia.Node) *gorgonia.Node {
	o := op.AttentionOptions{Heads: c.h, Scale: c.scale, Causal: c.causal}
	if c.biases > 0 {
		o.Bias = in[len(in)-1]
		in = in[:len(in)-1]
	}
	if c.mask != nil {
		o.Mask = in[len(in)-1]
	}
	if c.packed {
		return op.SelfAttention(in[0], o)
	}
	return op.Attention(in[0], in[1], in[2], o)
}

func (c attentionCase) loops(in [][]float64) []float64 {
	w := c.h * c.d
	y := make([]float64, c.n*c.lq*w)
	for n := range c.n {
		for h := range c.h {
			for i := range c.lq {
				weights := c.weights(in, n, h, i)
				for j, p := range weights {
					for e := range c.d {
						y[(n*c.lq+i)*w+h*c.d+e] += p * c.at(in, 2, n, j, h*c.d+e)
					}
				}
			}
		}
	}
	return y
}

// at is element e of row l of q, k or v (part 0, 1 or 2).
func (c attentionCase) at(in [][]float64, part, n, l, e int) float64 {
	w, rows := c.h*c.d, c.lk
	if part == 0 {
		rows = c.lq
	}
	if c.packed {
		return in[0][((n*rows+l)*3+part)*w+e]
	}
	return in[part][(n*rows+l)*w+e]
}

func (c attentionCase) weights(in [][]float64, n, h, i int) []float64 {
	scale := c.scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(c.d))
	}
	p := make([]float64, c.lk)
	total := 0.0
	for j := range p {
		if c.causal && j > i || c.mask != nil && c.mask[n*c.lk+j] == 0 {
			continue
		}
		s := 0.0
		for e := range c.d {
			s += scale * c.at(in, 0, n, i, h*c.d+e) * c.at(in, 1, n, j, h*c.d+e)
		}
		if c.biases > 0 {
			s += in[len(in)-1][(((n*c.h+h)%c.biases)*c.lq+i)*c.lk+j]
		}
		p[j] = math.Exp(s)
		total += p[j]
	}
	for j := range p {
		if total > 0 {
			p[j] /= total
		}
	}
	return p
}
