package device

// Kinds of transformers. D is the innermost axis, rows are all the others.
const (
	// x (…,D), w (O,D) and, where there are three inputs, b (O)
	// -> x·wᵀ + b (…,O). Of two axes and more.
	Linear Kind = "linear"
	// dy (…,O), w (O,D) -> dx (…,D).
	LinearGradInput Kind = "linear_grad_input"
	// x (…,D), dy (…,O) -> dw (O,D), summed over rows.
	LinearGradWeight Kind = "linear_grad_weight"
	// a (…,M,K), b (…,K,P) -> (…,M,P), one product for each position of the
	// equal leading axes; the last two are possibly transposed. MatMulAttrs.
	BatchMatMul Kind = "batch_matmul"
	// x (…,D), gamma (D), beta (D) -> (x-mean)/sqrt(variance+eps)·gamma + beta
	// by row, biased variance. Saved: mean and 1/sqrt(variance+eps) (rows).
	// LayerNormAttrs.
	LayerNorm Kind = "layer_norm"
	// dy, x, gamma -> dx. Reads LayerNorm's saved. Saved: dgamma (D), dbeta (D).
	LayerNormGrad Kind = "layer_norm_grad"
	// q (N,Lq,D), k (N,Lk,D), v (N,Lk,D), or with Packed one (N,L,3D) that
	// holds q, k, v side by side; then, where the attributes say so, mask
	// (N,Lk) and bias (heads or N·heads,Lq,Lk) -> y (N,Lq,D). D is heads times
	// head size, heads outermost. Each head gives
	// softmax(scale·q·kᵀ + bias)·v over the keys that are allowed: those of a
	// mask other than 0 and, with Causal, at no later position than the query.
	// A query without any such key gives 0. Saved: log of the sum of
	// exponentials (N,heads,Lq). AttentionAttrs.
	Attention Kind = "attention"
	// dy, y, q, k, v (or packed) and mask, bias as Attention's -> dq, or with
	// Packed the gradient of all three. Reads Attention's saved. Saved: dk and
	// dv, unless Packed, then dbias where there is a bias. AttentionAttrs.
	AttentionGrad Kind = "attention_grad"
)

// LayerNormAttrs is added to the variance.
type LayerNormAttrs struct{ Eps float64 }

// AttentionAttrs describe an Attention and tell which inputs it has.
type AttentionAttrs struct {
	Heads  int
	Scale  float64 // of the products q·k
	Causal bool    // queries see no later key
	Packed bool    // q, k and v lie side by side in one input
	Masked bool    // the next input is a mask
	Biased bool    // the last input is a bias
}
