package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/clvid/clvid/nn/device"
)

// Similarity are the operands of SimilarityCrossEntropy beside rows and columns.
type Similarity struct {
	Factor  float64        // multiplies the dot products
	Scale   *gorgonia.Node // scalar, nil for none, multiplies them too
	Targets *gorgonia.Node // int32 (N): below P an own logit, else column target-P; negative: no loss
	// Own (N,P), nil for none, are further logits of each row: P of them, ahead
	// of the columns.
	Own *gorgonia.Node
	// RowIDs (N) and ColumnIDs (M), int32 and both or neither: a pair of equal ids
	// of at least 0 is no candidate unless it is the target, such as a row and
	// itself, or two videos of one caption.
	RowIDs, ColumnIDs *gorgonia.Node
	// ColumnTargets int32 (M), nil for none: columns classify rows as well.
	ColumnTargets *gorgonia.Node
	// FixedB says that b gets no gradient, which costs none then.
	FixedB bool
}

// SimilarityCrossEntropy classifies the rows of a (N,D) among the rows of b
// (M,D), its columns, by factor times scale times their dot products: the contrastive losses
// of large batches, without the matrix (N,M) in memory. losses (N), and (N+M)
// with column targets, is -log softmax[target] of each; hits, of the same shape,
// is 1 where the target scores higher than every other candidate, else 0, and
// has no gradient. Gradients reach a, b, own logits and scale.
func SimilarityCrossEntropy(a, b *gorgonia.Node, s Similarity) (losses, hits *gorgonia.Node) {
	in, attrs := s.operands(a, b)
	size := a.Shape()[0]
	if attrs.Columns {
		size += b.Shape()[0]
	}
	perLoss := like(a, size)
	o := &Op{kind: device.SimilarityCrossEntropy, attrs: attrs, out: perLoss,
		saved: []device.Type{perLoss, perLoss}, wrt: make([]bool, len(in))}
	o.wrt[0], o.wrt[1] = true, !s.FixedB
	for _, i := range smooth(attrs) {
		o.wrt[i] = true
	}
	o.grad = similarityGrad(attrs)
	losses = o.apply(in...)
	return losses, pick(losses, perLoss, 1)
}

// smooth are the positions of scale and own logits among the inputs, of those
// that are there.
func smooth(attrs device.SimilarityAttrs) []int {
	first := []int{}
	if attrs.Scaled {
		first = append(first, 3)
	}
	if attrs.Own > 0 {
		first = append(first, 3+len(first))
	}
	return first
}

// operands checks the inputs and puts them in order.
func (s Similarity) operands(a, b *gorgonia.Node) ([]*gorgonia.Node, device.SimilarityAttrs) {
	const kind = device.SimilarityCrossEntropy
	checkRank(a, kind, "a", 2)
	checkRank(b, kind, "b", 2)
	n, m := a.Shape()[0], b.Shape()[0]
	check(a.Shape()[1] == b.Shape()[1] && a.Dtype() == b.Dtype(), kind, "a %v %v and b %v %v have other widths or types", a.Dtype(), a.Shape(), b.Dtype(), b.Shape())
	check(s.Targets != nil, kind, "no targets")
	in := []*gorgonia.Node{a, b, s.Targets}
	s.checkIndices(s.Targets, "targets", n)
	attrs := device.SimilarityAttrs{Factor: s.Factor, FixedB: s.FixedB}
	if s.Scale != nil {
		check(s.Scale.IsScalar() && s.Scale.Dtype() == a.Dtype(), kind, "the scale is no scalar of type %v", a.Dtype())
		in, attrs.Scaled = append(in, s.Scale), true
	}
	if s.Own != nil {
		checkRank(s.Own, kind, "own logits", 2)
		check(s.Own.Shape()[0] == n && s.Own.Dtype() == a.Dtype(), kind, "own logits %v %v for a %v %v", s.Own.Dtype(), s.Own.Shape(), a.Dtype(), a.Shape())
		in, attrs.Own = append(in, s.Own), s.Own.Shape()[1]
	}
	check((s.RowIDs == nil) == (s.ColumnIDs == nil), kind, "ids of rows or columns alone, want both or neither")
	if s.RowIDs != nil {
		s.checkIndices(s.RowIDs, "row ids", n)
		s.checkIndices(s.ColumnIDs, "column ids", m)
		in, attrs.Masked = append(in, s.RowIDs, s.ColumnIDs), true
	}
	if s.ColumnTargets != nil {
		s.checkIndices(s.ColumnTargets, "column targets", m)
		in, attrs.Columns = append(in, s.ColumnTargets), true
	}
	return in, attrs
}

func (Similarity) checkIndices(x *gorgonia.Node, name string, n int) {
	const kind = device.SimilarityCrossEntropy
	check(x.Dtype() == tensor.Int32 && len(x.Shape()) == 1 && x.Shape()[0] == n, kind, "%s are %v %v, want int32 (%d)", name, x.Dtype(), x.Shape(), n)
}

func similarityGrad(attrs device.SimilarityAttrs) gradient {
	return func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		db := TypeOf(in[1])
		if attrs.FixedB {
			db = like(in[1], 0)
		}
		d := &Op{kind: device.SimilarityCrossEntropyGrad, attrs: attrs, out: TypeOf(in[0]), reads: []*gorgonia.Node{out},
			saved: []device.Type{db}}
		for _, i := range smooth(attrs) {
			d.saved = append(d.saved, TypeOf(in[i]))
		}
		grads := make(gorgonia.Nodes, len(in))
		grads[0] = d.apply(append([]*gorgonia.Node{dout}, in...)...)
		if !attrs.FixedB {
			grads[1] = pick(grads[0], db, 0)
		}
		for k, i := range smooth(attrs) {
			grads[i] = pick(grads[0], TypeOf(in[i]), 1+k)
		}
		return grads
	}
}
