package ckernel

import (
	"math"
	"testing"
	"unsafe"
)

// Several tiles of rows and columns, cut at the end; pairs of equal remainders
// are masked, and some of them are targets.
const (
	manyRows, manyColumns, width = 150, 300, 7
	similarityScale              = .5
	remainders                   = 50
)

func hidden(i, j int) bool { return i%remainders == j%remainders }

// pinned hands out memory of any kind with its address.
func pinned[T any](v *vectors, n int, f func(i int) T) ([]T, uintptr) {
	s := make([]T, n)
	v.pins.Pin(&s[0])
	for i := range s {
		s[i] = f(i)
	}
	return s, uintptr(unsafe.Pointer(&s[0]))
}

// allPairs is the problem: row i's target is column 2i, column j's row j/2,
// but every third anchor has none.
type allPairs struct {
	c       Similarity
	logits  [][]float64
	a, b    []float32
	targets [2][]int32 // of rows, of columns
}

func newAllPairs(v *vectors) *allPairs {
	p := &allPairs{c: Similarity{N: manyRows, M: manyColumns, D: width, Scale: similarityScale}}
	p.a, p.c.A = v.normals(manyRows * width)
	p.b, p.c.B = v.normals(manyColumns * width)
	target := func(i, at int) int32 {
		if i%3 == 0 {
			return -1
		}
		return int32(at)
	}
	p.targets[0], p.c.Targets = pinned(v, manyRows, func(i int) int32 { return target(i, 2*i) })
	p.targets[1], p.c.ColumnTargets = pinned(v, manyColumns, func(j int) int32 { return target(j, j/2) })
	const each = manyColumns / remainders // columns by remainder, six of each
	_, p.c.Order = pinned(v, manyColumns, func(k int) int32 { return int32(k/each + k%each*remainders) })
	_, p.c.Begin = pinned(v, manyRows, func(i int) int32 { return int32(i % remainders * each) })
	_, p.c.End = pinned(v, manyRows, func(i int) int32 { return int32((i%remainders + 1) * each) })
	for i := range manyRows {
		p.logits = append(p.logits, make([]float64, manyColumns))
		for j := range manyColumns {
			for k := range width {
				p.logits[i][j] += similarityScale * float64(p.a[i*width+k]) * float64(p.b[j*width+k])
			}
		}
	}
	return p
}

// logSum is that of a row, or with turned set of a column, over its candidates.
func (p *allPairs) logSum(i int, turned bool) float64 {
	sum, n := 0., manyColumns
	if turned {
		n = manyRows
	}
	for j := range n {
		logit, target := p.at(i, j, turned)
		if !hidden(i, j) || target {
			sum += math.Exp(logit)
		}
	}
	return math.Log(sum)
}

func (p *allPairs) at(i, j int, turned bool) (logit float64, target bool) {
	if turned {
		return p.logits[j][i], int(p.targets[1][i]) == j
	}
	return p.logits[i][j], int(p.targets[0][i]) == j
}

func TestSimilarity(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		p := newAllPairs(v)
		sums, at := pinned(v, manyRows, func(int) LogSum { return LogSum{Largest: math.Inf(-1)} })
		team := Team{Threads: 1}
		_, scratch := v.zeros(int(team.SimilarityScratch(p.c) / 4))
		if err := team.Similarity(p.c, 0, at, scratch); err != nil {
			t.Fatal(err)
		}
		for i, s := range sums {
			all, score := s.Sum*math.Exp(s.Largest), 0.
			if target := p.targets[0][i]; target >= 0 {
				score = p.logits[i][target]
				all += math.Exp(score)
			}
			// Exponentials of float32 scores: a few roundings of 6e-8.
			if want := p.logSum(i, false); math.Abs(math.Log(all)-want) > 1e-6 || math.Abs(s.Score-score) > 1e-6 {
				t.Fatalf("row %d: logsumexp %v, want %v; score %v, want %v", i, math.Log(all), want, s.Score, score)
			}
		}
	})
}

// anchorGrads are weights and logsumexps of one side in both precisions.
func (p *allPairs) anchorGrads(v *vectors, n int, turned bool) (weights []float32, exact []float64, pWeights, pSums uintptr) {
	weights, pWeights = v.normals(n)
	exact = make([]float64, n)
	sums, pSums := v.zeros(n)
	side := 0
	if turned {
		side = 1
	}
	for i := range exact {
		exact[i] = math.Inf(1)
		if p.targets[side][i] >= 0 {
			exact[i] = p.logSum(i, turned)
		}
		sums[i] = float32(exact[i])
	}
	return weights, exact, pWeights, pSums
}

func TestSimilarityGrad(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		p := newAllPairs(v)
		var g SimilarityGrads
		rows, rowSums, pw, ps := p.anchorGrads(v, manyRows, false)
		columns, columnSums, cw, cs := p.anchorGrads(v, manyColumns, true)
		g.Weights, g.LogSums, g.ColumnWeights, g.ColumnLogSums = pw, ps, cw, cs
		var da, db []float32
		var dscale []float64
		da, g.DA = v.zeros(manyRows * width)
		db, g.DB = v.zeros(manyColumns * width)
		dscale, g.DScale = pinned(v, manyRows, func(int) float64 { return 0 })
		team := Team{Threads: 1}
		_, scratch := v.zeros(int(team.SimilarityGradScratch(p.c) / 4))
		if err := team.SimilarityGrad(p.c, g, 0, scratch); err != nil {
			t.Fatal(err)
		}
		wantA, wantB, wantScale := make([]float32, len(da)), make([]float32, len(db)), make([]float32, manyRows)
		for i := range manyRows {
			for j := range manyColumns {
				s := p.share(rows[i], rowSums[i], i, j, false) + p.share(columns[j], columnSums[j], j, i, true)
				for k := range width {
					wantA[i*width+k] += float32(s * similarityScale * float64(p.b[j*width+k]))
					wantB[j*width+k] += float32(s * similarityScale * float64(p.a[i*width+k]))
				}
				wantScale[i] += float32(s * p.logits[i][j] / similarityScale)
			}
		}
		gotScale := make([]float32, manyRows)
		for i, d := range dscale {
			gotScale[i] = float32(d)
		}
		// Sums of a few hundred float32 terms in another order.
		near(t, "da", da, wantA, 1e-5)
		near(t, "db", db, wantB, 1e-5)
		near(t, "dscale", gotScale, wantScale, 1e-5)
	})
}

// share is what an anchor's loss gives a pair: weight·(softmax - onehot).
func (p *allPairs) share(weight float32, logSum float64, i, j int, turned bool) float64 {
	logit, target := p.at(i, j, turned)
	switch {
	case target:
		return float64(weight) * (math.Exp(logit-logSum) - 1)
	case hidden(i, j):
		return 0
	}
	return float64(weight) * math.Exp(logit-logSum)
}

// What is not finite must show in the sums.
func TestSimilarityKeepsNaN(t *testing.T) {
	everyLevel(t, func(t *testing.T) {
		v := newVectors(t)
		p := newAllPairs(v)
		p.b[17*width] = float32(math.NaN())
		sums, at := pinned(v, manyRows, func(int) LogSum { return LogSum{Largest: math.Inf(-1)} })
		team := Team{Threads: 1}
		_, scratch := v.zeros(int(team.SimilarityScratch(p.c) / 4))
		if err := team.Similarity(p.c, 0, at, scratch); err != nil {
			t.Fatal(err)
		}
		for i, s := range sums {
			if got := math.IsNaN(s.Sum); got == hidden(i, 17) {
				t.Fatalf("row %d: sum %v", i, s.Sum)
			}
		}
	})
}
