package device

// Operations of convolutional networks beyond those of kinds.go.
const (
	// x (N,C,in…), w (C,K/groups,kernel…) -> y (N,K,out…): the gradient of the
	// Conv that maps y's shape to x's. ConvAttrs.
	ConvTranspose Kind = "conv_transpose"
	// x (N,C,spatial…) -> mean of each window. PoolAttrs.
	AvgPool Kind = "avg_pool"
	// dy, x (shape only) -> dx. PoolAttrs.
	AvgPoolGrad Kind = "avg_pool_grad"
	// x (N,C,in…) -> (N,C,out…): window o of an axis is [o·in/out, ⌈(o+1)·in/out⌉),
	// of which the mean. No attributes.
	AdaptiveAvgPool Kind = "adaptive_avg_pool"
	// dy, x (shape only) -> dx.
	AdaptiveAvgPoolGrad Kind = "adaptive_avg_pool_grad"
	// x -> y as AdaptiveAvgPool, the maximum. Saved: index as MaxPool's.
	AdaptiveMaxPool Kind = "adaptive_max_pool"
	// dy, x (shape only) -> dx. Reads AdaptiveMaxPool's index.
	AdaptiveMaxPoolGrad Kind = "adaptive_max_pool_grad"
	// x (N,C,…), gamma (C), beta (C) -> y. Saved: mean (N,Groups),
	// 1/sqrt(variance+eps) (N,Groups). GroupNormAttrs.
	GroupNorm Kind = "group_norm"
	// dy, x, gamma -> dx. Reads GroupNorm's saved. Saved: dgamma (C), dbeta (C).
	// GroupNormAttrs.
	GroupNormGrad Kind = "group_norm_grad"
)

// GroupNormAttrs is the number of groups of channels; Eps is added to the
// variance, which is biased.
type GroupNormAttrs struct {
	Groups int
	Eps    float64
}
