package cpu

import (
	"math"

	"github.com/clvid/clvid/nn/device"
)

// side is one half of a similarity loss: anchors, the rows of x, that choose
// among candidates, the rows of y. The columns of a loss are the rows of its
// other side.
type side[T float] struct {
	x, y             []T // (n,d) and (m,d)
	n, m, d, p       int
	scale            T
	targets          []int32
	own              []T
	ids, candidates  []int32 // nil: no pair is masked
	weights, logSums []T     // of the gradient; nil where this side has no losses
}

func (s *similarity[T]) rows() side[T] {
	r := side[T]{x: s.a, y: s.b, n: s.n, m: s.m, d: s.d, p: s.p, scale: s.scale,
		targets: s.targets, own: s.own, ids: s.rowIDs, candidates: s.columnIDs}
	if s.dlosses != nil {
		r.weights, r.logSums = s.dlosses[:s.n], s.logSumExps[:s.n]
	}
	return r
}

func (s *similarity[T]) columns() side[T] {
	c := side[T]{x: s.b, y: s.a, n: s.m, m: s.n, d: s.d, scale: s.scale,
		targets: s.columnTargets, ids: s.columnIDs, candidates: s.rowIDs}
	if s.dlosses != nil && s.columnTargets != nil {
		c.weights, c.logSums = s.dlosses[s.n:], s.logSumExps[s.n:]
	}
	return c
}

// masked tells whether candidate j is none of anchor i's.
func (s *side[T]) masked(i, j int) bool {
	return s.ids != nil && s.ids[i] >= 0 && s.ids[i] == s.candidates[j] && int(s.targets[i]) != s.p+j
}

// similarityTile is a block of scaled products: rows from i, columns from j.
type similarityTile[T float] struct {
	i, j, rows, columns int
	values              []T // (rows,columns)
}

// tiles calls f for the tiles of the anchors [from,to), from left to right.
func (s *side[T]) tiles(from, to int, f func(t similarityTile[T])) {
	values := make([]T, (to-from)*columnBlock)
	for j := 0; j < s.m; j += columnBlock {
		t := similarityTile[T]{i: from, j: j, rows: to - from, columns: min(columnBlock, s.m-j)}
		t.values = values[:t.rows*t.columns]
		clear(t.values)
		gemmDots(t.values, t.columns, s.x[from*s.d:], s.d, s.y[j*s.d:], s.d, t.rows, t.columns, s.d)
		mulScalar(t.values, t.values, s.scale)
		f(t)
	}
}

// logSum adds up the exponentials of candidates that come one by one, relative
// to the largest so far.
type logSum struct{ largest, sum float64 }

func (l *logSum) add(v float64) {
	if v <= l.largest {
		if !math.IsInf(v, -1) {
			l.sum += math.Exp(v - l.largest)
		}
		return
	}
	l.sum = l.sum*math.Exp(l.largest-v) + 1
	l.largest = v
}

// against returns loss, logsumexp and hit of a target among the others added.
// NaN stays NaN.
func (l *logSum) against(target float64) (loss, logSumExp, hit float64) {
	if target > l.largest {
		hit, loss = 1, math.Log1p(l.sum*math.Exp(l.largest-target))
	} else {
		loss = l.largest - target + math.Log(l.sum+math.Exp(target-l.largest))
	}
	return loss, target + loss, hit
}

// forward writes loss, logsumexp and hit of every anchor.
func (s *side[T]) forward(threads int, losses, logSums, hits []T) {
	parallelRanges(threads, s.n, matMulRows, func(from, to int) {
		var others [matMulRows]logSum
		var scores [matMulRows]float64
		for r := range to - from {
			others[r] = logSum{largest: math.Inf(-1)}
			scores[r] = s.addOwn(from+r, &others[r])
		}
		s.tiles(from, to, func(t similarityTile[T]) {
			for r := range t.rows {
				s.addTile(t, r, &others[r], &scores[r])
			}
		})
		for r := range to - from {
			losses[from+r], logSums[from+r], hits[from+r] = s.result(from+r, others[r], scores[r])
		}
	})
}

// result is loss, logsumexp and hit of anchor i: zeros where it has no target.
func (s *side[T]) result(i int, others logSum, score float64) (loss, logSumExp, hit T) {
	if s.targets[i] < 0 {
		return 0, 0, 0
	}
	l, sum, h := others.against(score)
	return T(l), T(sum), T(h)
}

// addOwn adds the own logits of anchor i but its target, whose score it returns.
func (s *side[T]) addOwn(i int, others *logSum) (score float64) {
	for j, v := range s.own[i*s.p : (i+1)*s.p] {
		if int(s.targets[i]) == j {
			score = float64(v)
			continue
		}
		others.add(float64(v))
	}
	return score
}

func (s *side[T]) addTile(t similarityTile[T], r int, others *logSum, score *float64) {
	i := t.i + r
	for k, v := range t.values[r*t.columns : (r+1)*t.columns] {
		switch j := t.j + k; {
		case int(s.targets[i]) == s.p+j:
			*score = float64(v)
		case !s.masked(i, j):
			others.add(float64(v))
		}
	}
}

// goSimilarity computes losses; columns are a second pass with the sides turned.
func goSimilarity[T float](op device.OpDesc, threads int) (goKernel, error) {
	return goKernel{run: func(a *device.Args) error {
		s, err := similarityOf[T](op, a.In)
		if err != nil {
			return err
		}
		losses, logSums, hits := slice[T](a.Out), slice[T](a.Saved[0]), slice[T](a.Saved[1])
		rows := s.rows()
		rows.forward(threads, losses, logSums, hits)
		if s.columnTargets != nil {
			columns := s.columns()
			columns.forward(threads, losses[s.n:], logSums[s.n:], hits[s.n:])
		}
		return nil
	}}, nil
}

// share is the gradient of the losses of a side with respect to one product of
// anchor i and candidate j of score v: weight·(softmax - onehot).
func (s *side[T]) share(i, j int, v T) float64 {
	if s.weights == nil || s.targets[i] < 0 || s.masked(i, j) {
		return 0
	}
	p := math.Exp(float64(v - s.logSums[i]))
	if int(s.targets[i]) == s.p+j {
		p--
	}
	return p * float64(s.weights[i])
}

// backward writes dx, and for every anchor its part of the gradient of scale.
// Tiles are made anew.
func (s *side[T]) backward(other side[T], threads int, dx []T, dscale []float64) {
	parallelRanges(threads, s.n, matMulRows, func(from, to int) {
		sums := dx[from*s.d : to*s.d]
		clear(sums)
		s.tiles(from, to, func(t similarityTile[T]) {
			for r := range t.rows {
				row := t.values[r*t.columns : (r+1)*t.columns]
				for k, v := range row {
					row[k] = T(s.share(t.i+r, t.j+k, v) + other.share(t.j+k, t.i+r, v))
				}
			}
			gemmRows(sums, s.d, t.values, t.columns, 1, s.y[t.j*s.d:], s.d, t.rows, s.d, t.columns)
		})
		for i := from; i < to; i++ {
			row := dx[i*s.d : (i+1)*s.d]
			if dscale != nil {
				dscale[i] = dot64(row, s.x[i*s.d:(i+1)*s.d])
			}
			mulScalar(row, row, s.scale)
		}
	})
}

// ownGrad writes the gradient of the own logits.
func (s *side[T]) ownGrad(down []T) {
	for i := range s.n {
		for j := range s.p {
			down[i*s.p+j] = 0
			if s.targets[i] < 0 {
				continue
			}
			p := math.Exp(float64(s.own[i*s.p+j] - s.logSums[i]))
			if int(s.targets[i]) == j {
				p--
			}
			down[i*s.p+j] = T(p * float64(s.weights[i]))
		}
	}
}

// goSimilarityGrad makes the tiles once for da, and once more, turned, for db.
func goSimilarityGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	const float64Bytes = 8
	n := op.Out.Shape[0]
	return goKernel{scratch: int64(n) * float64Bytes, run: func(a *device.Args) error {
		s, err := similarityOf[T](op, a.In)
		if err != nil {
			return err
		}
		s.logSumExps = slice[T](a.Reads[0])
		grads := gradsOf[T](op.Attrs.(device.SimilarityAttrs), a.Saved)
		rows, columns := s.rows(), s.columns()
		parts := slice[float64](a.Scratch)[:n]
		rows.backward(columns, threads, slice[T](a.Out), parts)
		if grads.dscale != nil {
			grads.dscale[0] = T(s.factor * sum64(parts))
		}
		if !s.fixedB {
			columns.backward(rows, threads, grads.db, nil)
		}
		rows.ownGrad(grads.down)
		return nil
	}}, nil
}

func sum64(values []float64) float64 {
	total := 0.
	for _, v := range values {
		total += v
	}
	return total
}
