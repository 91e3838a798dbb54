package op_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/op/optest"
)

// similarityCase is a problem for operation and loops.
type similarityCase struct {
	name                       string
	n, m, d, own               int
	targets                    []int32
	rowIDs, columnIDs, columns []int32 // nil: none
	fixedB                     bool
}

// 260 columns and 18 rows make several tiles of the kernels, the last ones cut.
var similarityCases = []similarityCase{
	{name: "rows alone", n: 3, m: 5, d: 4, targets: []int32{4, 0, 2}},
	{name: "one row, one column", n: 1, m: 1, d: 2, targets: []int32{0}},
	{name: "rows left out", n: 3, m: 2, d: 4, targets: []int32{-1, 1, -1}},
	{name: "rows apart from themselves", n: 4, m: 4, d: 3, targets: []int32{2, 3, 0, 1}, rowIDs: counted(4), columnIDs: counted(4)},
	{name: "equal ids beside the target", n: 3, m: 3, d: 3, targets: counted(3), rowIDs: []int32{7, 7, -1}, columnIDs: []int32{7, 7, -1}},
	{name: "both ways", n: 3, m: 4, d: 5, targets: []int32{0, 1, 3}, columns: []int32{0, 1, -1, 2}},
	{name: "both ways, masked", n: 4, m: 4, d: 3, targets: counted(4), columns: counted(4), rowIDs: []int32{1, 2, 1, 3}, columnIDs: []int32{1, 2, 1, 3}},
	{name: "a target of the row alone in a masked pair", n: 2, m: 2, d: 3, targets: []int32{1, 0}, columns: []int32{0, 1}, rowIDs: []int32{5, 6}, columnIDs: []int32{6, 5}},
	{name: "own logits", n: 3, m: 4, d: 2, own: 2, targets: []int32{0, 1, 3}},
	{name: "own logits, fixed columns", n: 3, m: 4, d: 2, own: 1, targets: []int32{0, 0, 0}, fixedB: true},
	{name: "several tiles", n: 18, m: 260, d: 2, own: 1, targets: drawn(18, 261), rowIDs: drawn(18, 9), columnIDs: drawn(260, 9), columns: drawn(260, 18)},
	{name: "several tiles down", n: 260, m: 18, d: 2, targets: drawn(260, 18)},
}

func counted(n int) []int32 { return drawn(n, n) }

// drawn are numbers below bound, all different where n is at most bound.
func drawn(n, bound int) []int32 {
	v := make([]int32, n)
	for i := range v {
		v[i] = int32(i * 7 % bound)
		if bound == n {
			v[i] = int32(i)
		}
	}
	return v
}

// inputs are a, b, scale and own logits, then indices.
func (c similarityCase) inputs() []optest.Input {
	in := []optest.Input{shape(c.n, c.d), shape(c.m, c.d), {Values: []float64{.7}}}
	in[1].Fixed = c.fixedB
	if c.own > 0 {
		in = append(in, shape(c.n, c.own))
	}
	for _, ids := range [][]int32{c.targets, c.rowIDs, c.columnIDs, c.columns} {
		if ids != nil {
			in = append(in, optest.Input{Shape: []int{len(ids)}, IDs: ids})
		}
	}
	return in
}

func (c similarityCase) build(in []*gorgonia.Node) (losses, hits *gorgonia.Node) {
	s := op.Similarity{Factor: 1.5, Scale: in[2], FixedB: c.fixedB}
	rest := in[3:]
	take := func(there bool) *gorgonia.Node {
		if !there {
			return nil
		}
		n := rest[0]
		rest = rest[1:]
		return n
	}
	s.Own = take(c.own > 0)
	s.Targets = take(true)
	s.RowIDs, s.ColumnIDs = take(c.rowIDs != nil), take(c.columnIDs != nil)
	s.ColumnTargets = take(c.columns != nil)
	return op.SimilarityCrossEntropy(in[0], in[1], s)
}

// anchorLoops is the loss and hit of one anchor among candidates; own logits come
// first.
func anchorLoops(x, y, own []float64, d int, scale float64, target int32, masked func(j int) bool) (loss, hit float64) {
	logits := append([]float64{}, own...)
	for j := range len(y) / d {
		v := 0.
		for k := range d {
			v += x[k] * y[j*d+k]
		}
		if masked(j) && int(target) != len(own)+j {
			v = math.Inf(-1)
		}
		logits = append(logits, v*scale)
	}
	if target < 0 {
		return 0, 0
	}
	sum, hit := 0., 1.
	for j, v := range logits {
		sum += math.Exp(v)
		if j != int(target) && v >= logits[target] {
			hit = 0
		}
	}
	return math.Log(sum) - logits[target], hit
}

func (c similarityCase) loops(in [][]float64) (losses, hits []float64) {
	a, b, scale := in[0], in[1], 1.5*in[2][0]
	masked := func(i, j int) bool { return c.rowIDs != nil && c.rowIDs[i] >= 0 && c.rowIDs[i] == c.columnIDs[j] }
	for i := range c.n {
		var own []float64
		if c.own > 0 {
			own = in[3][i*c.own : (i+1)*c.own]
		}
		loss, hit := anchorLoops(a[i*c.d:], b, own, c.d, scale, c.targets[i], func(j int) bool { return masked(i, j) })
		losses, hits = append(losses, loss), append(hits, hit)
	}
	for j, target := range c.columns {
		loss, hit := anchorLoops(b[j*c.d:], a, nil, c.d, scale, target, func(i int) bool { return masked(i, j) })
		losses, hits = append(losses, loss), append(hits, hit)
	}
	return losses, hits
}

func TestSimilarityCrossEntropy(t *testing.T) {
	for _, c := range similarityCases {
		t.Run(c.name, func(t *testing.T) {
			losses := optest.Case{In: c.inputs(),
				Build: func(in []*gorgonia.Node) *gorgonia.Node { l, _ := c.build(in); return l },
				Loops: func(in [][]float64) []float64 { l, _ := c.loops(in); return l },
			}
			optest.AgainstLoops(t, losses)
			optest.Gradient(t, losses)
			hits := losses
			hits.Build = func(in []*gorgonia.Node) *gorgonia.Node { _, h := c.build(in); return h }
			hits.Loops = func(in [][]float64) []float64 { _, h := c.loops(in); return h }
			optest.AgainstLoops(t, hits)
		})
	}
}

// Scores of a thousand must not overflow, and equal ones are no hit.
func TestSimilarityOfLargeAndEqualScores(t *testing.T) {
	for name, b := range map[string][]float64{"large": {1000, 999, -1000}, "equal": {3, 3, 3}} {
		c := similarityCase{n: 1, m: 3, d: 1, targets: []int32{0}}
		in := c.inputs()
		in[0].Values, in[1].Values, in[2].Values = []float64{1}, b, []float64{1 / 1.5}
		optest.AgainstLoops(t, optest.Case{In: in,
			Build: func(in []*gorgonia.Node) *gorgonia.Node {
				losses, hits := c.build(in)
				return op.Concat(0, losses, hits)
			},
			Loops: func([][]float64) []float64 {
				if name == "equal" {
					return []float64{math.Log(3), 0}
				}
				return []float64{math.Log1p(math.Exp(-1)), 1}
			},
		})
	}
}

func TestSimilarityMisuse(t *testing.T) {
	apply := func(change func(s *op.Similarity)) func() {
		return func() {
			s := op.Similarity{Scale: scalar(), Targets: int32s(3)}
			change(&s)
			op.SimilarityCrossEntropy(leaf(3, 4), leaf(5, 4), s)
		}
	}
	misuse(t, map[string]func(){
		"op: similarity_cross_entropy: a float32 (3, 4) and b float32 (5, 3) have other widths": func() {
			op.SimilarityCrossEntropy(leaf(3, 4), leaf(5, 3), op.Similarity{})
		},
		"op: similarity_cross_entropy: the scale is no scalar":       apply(func(s *op.Similarity) { s.Scale = leaf(2) }),
		"op: similarity_cross_entropy: no targets":                   apply(func(s *op.Similarity) { s.Targets = nil }),
		"op: similarity_cross_entropy: targets are float32 (3)":      apply(func(s *op.Similarity) { s.Targets = leaf(3) }),
		"op: similarity_cross_entropy: own logits float32 (2, 1)":    apply(func(s *op.Similarity) { s.Own = leaf(2, 1) }),
		"op: similarity_cross_entropy: ids of rows or columns alone": apply(func(s *op.Similarity) { s.RowIDs = int32s(3) }),
		"op: similarity_cross_entropy: column ids are int32 (3)":     apply(func(s *op.Similarity) { s.RowIDs, s.ColumnIDs = int32s(3), int32s(3) }),
		"op: similarity_cross_entropy: column targets are int32 (3)": apply(func(s *op.Similarity) { s.ColumnTargets = int32s(3) }),
	})
}

func scalar() *gorgonia.Node {
	return gorgonia.NewScalar(gorgonia.NewGraph(), gorgonia.Float32, gorgonia.WithName("x"))
}

func int32s(n int) *gorgonia.Node {
	return gorgonia.NewTensor(gorgonia.NewGraph(), gorgonia.Int32, 1, gorgonia.WithShape(n), gorgonia.WithName("ids"))
}
