package cpu

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
)

// similarity holds the operands of SimilarityCrossEntropy and its gradient.
type similarity[T float] struct {
	n, m, d, p          int
	a, b                []T
	scale               T // of the products: factor times what is given
	factor              float64
	targets             []int32
	own                 []T     // (n,p)
	rowIDs, columnIDs   []int32 // nil: no pair is masked
	columnTargets       []int32 // nil: columns have no losses
	fixedB              bool
	dlosses, logSumExps []T // of the gradient: (n), then (m) where columns have losses
}

// similarityOf reads the inputs in their order; of the gradient they follow the
// gradient of the losses.
func similarityOf[T float](op device.OpDesc, in []device.Mem) (*similarity[T], error) {
	attrs, first := op.Attrs.(device.SimilarityAttrs), 0
	s := &similarity[T]{p: attrs.Own, fixedB: attrs.FixedB, scale: T(attrs.Factor), factor: attrs.Factor}
	if op.Kind == device.SimilarityCrossEntropyGrad {
		s.dlosses, first = slice[T](in[0]), 1
	}
	s.n, s.d, s.m = op.In[first].Shape[0], op.In[first].Shape[1], op.In[first+1].Shape[0]
	in = in[first:]
	s.a, s.b, s.targets = slice[T](in[0]), slice[T](in[1]), slice[int32](in[2])
	in = in[3:]
	if attrs.Scaled {
		s.scale, in = s.scale*slice[T](in[0])[0], in[1:]
	}
	if attrs.Own > 0 {
		s.own, in = slice[T](in[0]), in[1:]
	}
	if attrs.Masked {
		s.rowIDs, s.columnIDs, in = slice[int32](in[0]), slice[int32](in[1]), in[2:]
	}
	if attrs.Columns {
		s.columnTargets = slice[int32](in[0])
	}
	return s, s.check()
}

// check refuses targets that are no candidates.
func (s *similarity[T]) check() error {
	if err := checkTargets(s.targets, s.p+s.m); err != nil {
		return err
	}
	if err := checkTargets(s.columnTargets, s.n); err != nil {
		return fmt.Errorf("columns: %w", err)
	}
	return nil
}

// similarityGrads are the gradients beside da; nil where there are none.
type similarityGrads[T float] struct{ db, dscale, down []T }

// gradsOf sorts the saved values of the gradient.
func gradsOf[T float](attrs device.SimilarityAttrs, saved []device.Mem) similarityGrads[T] {
	g, saved := similarityGrads[T]{db: slice[T](saved[0])}, saved[1:]
	if attrs.Scaled {
		g.dscale, saved = slice[T](saved[0]), saved[1:]
	}
	if attrs.Own > 0 {
		g.down = slice[T](saved[0])
	}
	return g
}
