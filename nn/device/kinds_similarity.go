package device

// Kinds of losses over the similarities of all pairs, which are made tile by
// tile: memory grows with rows and columns, not with their product.
const (
	// a (N,D), b (M,D), targets int32 (N), and as the attributes say scale (), own
	// (N,P), row ids int32 (N) and column ids int32 (M), column targets int32 (M)
	// -> losses (N), or (N+M) with Columns.
	//
	// The candidates of row i are its P own logits, then Factor·scale·a_i·b_j for
	// every column j; a pair of equal ids, at least 0, is none unless it is the target.
	// Its loss is logsumexp - logit[target], 0 where the target is negative.
	// Columns are anchors of rows in the same way: column j's target is a row.
	// Saved: the logsumexp of each loss, and 1 where the target scores higher
	// than every other candidate, else 0. SimilarityAttrs.
	SimilarityCrossEntropy Kind = "similarity_cross_entropy"
	// dlosses, then SimilarityCrossEntropy's inputs -> da. Reads its saved.
	// Saved: db (M,D), empty with FixedB, then the gradients of scale () and of own
	// (N,P) where they are given. SimilarityAttrs.
	SimilarityCrossEntropyGrad Kind = "similarity_cross_entropy_grad"
)

// SimilarityAttrs say which inputs there are.
type SimilarityAttrs struct {
	Factor  float64
	Scaled  bool // scale is given; else it is 1
	Own     int  // P, logits of a row's own
	Masked  bool // ids of rows and columns are given
	Columns bool // targets of columns are given: columns have losses too
	FixedB  bool // b gets no gradient
}
