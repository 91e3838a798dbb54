package device

// Kind names an operation. The comment of each gives inputs -> output, axes
// as in ARCHITECTURE.md; "saved" and "reads" are described in OpDesc.
type Kind string

const (
	// x (N,C,spatial…), w (K,C/groups,kernel…) -> y (N,K,out…). ConvAttrs.
	Conv Kind = "conv"
	// dy, w, x -> dx. ConvAttrs. (x is passed for its shape only.)
	ConvGradInput Kind = "conv_grad_input"
	// x, dy, w -> dw. ConvAttrs. (w is passed for its shape only.)
	ConvGradWeight Kind = "conv_grad_weight"
	// a, b -> a·b, 2-D, each possibly transposed. MatMulAttrs.
	MatMul Kind = "matmul"
	// x (N,C,…), b (C) -> x + b along axis 1.
	AddBias Kind = "add_bias"
	// dy (N,C,…) -> db (C): sum over all axes but 1.
	SumToChannel Kind = "sum_to_channel"
	// x (N,C,…), gamma (C), beta (C), running mean (C), running variance (C)
	// -> y. Saved: mean (Splits·C), 1/sqrt(variance+eps) (Splits·C). In training the batch
	// statistics are used (biased variance) and the running ones, inputs 3
	// and 4, are updated in place (unbiased). BatchNormAttrs.
	BatchNorm Kind = "batch_norm"
	// dy, x, gamma -> dx. Reads BatchNorm's saved. Saved: dgamma (C), dbeta (C).
	BatchNormGrad Kind = "batch_norm_grad"
	// dx (the BatchNormGrad node, for order) -> its saved value. PickAttrs; Reads: that value.
	Pick Kind = "pick"
	// x -> max(x,0).
	ReLU Kind = "relu"
	// dy, y -> dy where y>0, else 0.
	ReLUGrad Kind = "relu_grad"
	// x (N,C,spatial…) -> y. Saved: int32 flat index, within one channel's
	// spatial block, of each maximum. Padding never wins. PoolAttrs.
	MaxPool Kind = "max_pool"
	// dy, x (shape only) -> dx. Reads MaxPool's index. PoolAttrs.
	MaxPoolGrad Kind = "max_pool_grad"
	// x (N,C,spatial…) -> (N,C): mean over space and time.
	GlobalMean Kind = "global_mean"
	// dy (N,C), x (shape only) -> dx.
	GlobalMeanGrad Kind = "global_mean_grad"
	// x (…,D) -> x/max(|x|,eps) by row. Saved: 1/max(|x|,eps) (…). NormalizeAttrs.
	Normalize Kind = "l2_normalize"
	// dy, y -> dx. Reads Normalize's saved. NormalizeAttrs.
	NormalizeGrad Kind = "l2_normalize_grad"
	// logits (N,M), target int32 (N) -> mean over rows of
	// logsumexp - (1-s)·logit[target] - s·mean of logits, scalar, s the smoothing.
	// Rows with target < 0 are left out. Saved: softmax (N,M). CrossEntropyAttrs.
	CrossEntropy Kind = "cross_entropy"
	// dloss (), logits (shape only), target -> dlogits. Reads the softmax.
	// CrossEntropyAttrs.
	CrossEntropyGrad Kind = "cross_entropy_grad"
	// x -> factor·x. ScaleAttrs.
	Scale Kind = "scale"
	// x -> same elements, the output's shape.
	Reshape Kind = "reshape"
	// x (N,L,D), mask (N,L) -> (N,D): mean over the positions of weight mask.
	MaskedMean Kind = "masked_mean"
	// dy (N,D), x (shape only), mask -> dx.
	MaskedMeanGrad Kind = "masked_mean_grad"
	// -> a constant scalar. ConstAttrs. No inputs.
	Const Kind = "const"
)

// ConvAttrs has one entry for each spatial axis.
type ConvAttrs struct {
	Stride, Pad, Dilation []int
	Groups                int
}

// PoolAttrs has one entry for each spatial axis. Output o covers the inputs
// from o·Stride - Pad on; what is beyond either end is left out.
type PoolAttrs struct {
	Kernel, Stride, Pad []int
	PadEnd              []int // padding behind the last input; nil: as Pad
	Ceil                bool  // a last window may reach past the padding, if it starts before
	// CountPad makes AvgPool divide by the window's size with its padding, as
	// PyTorch does, instead of by the number of inputs in it.
	CountPad bool
}

// MatMulAttrs says which operands are used transposed.
type MatMulAttrs struct{ TransA, TransB bool }

// BatchNormAttrs follow PyTorch: running = (1-Momentum)·running + Momentum·batch.
type BatchNormAttrs struct {
	Eps, Momentum float64
	// Frozen operations have OpDesc.Train false in training plans too.
	Frozen bool
	// Splits, at least 1, is the number of equal runs of samples that have
	// statistics of their own: what is saved has Splits·C entries, by run. The
	// running statistics take the mean of the runs'.
	Splits int
	// The planner sets these where it joins operations. Residual: BatchNorm
	// adds input 5, of x's shape. ReLU: BatchNorm then cuts off at 0;
	// BatchNormGrad counts dy only where input 3, what was cut off, is above 0.
	Residual, ReLU bool
}

// NormalizeAttrs bounds the norm from below.
type NormalizeAttrs struct{ Eps float64 }

// CrossEntropyAttrs is the share of the target that all classes divide evenly.
type CrossEntropyAttrs struct{ Smoothing float64 }

// ScaleAttrs is the constant factor.
type ScaleAttrs struct{ Factor float64 }

// PickAttrs is the index of the saved value.
type PickAttrs struct{ Index int }

// ConstAttrs is the value.
type ConstAttrs struct{ Value float64 }
