package device

// Kinds of operations that move elements along axes.
const (
	// x -> axes in another order. PermuteAttrs.
	Permute Kind = "permute"
	// inputs along ConcatAttrs.Axis -> joined.
	Concat Kind = "concat"
	// x -> every Step-th of x[From:To] along Axis. SliceAttrs.
	Slice Kind = "slice"
	// dy, x (shape only) -> zeros with dy written at the slice. SliceAttrs.
	SliceGrad Kind = "slice_grad"
	// x -> x with more or fewer elements at the ends of its axes. PadAttrs.
	Pad Kind = "pad"
	// x, ids int32 -> x at ids along an axis. GatherAttrs. Ids outside the
	// axis are an error.
	Gather Kind = "gather"
	// y, ids int32 -> the output's shape, y added at ids along an axis, zeros
	// elsewhere: the gradient of Gather. GatherAttrs.
	ScatterAdd Kind = "scatter_add"
	// ids int32 (M) -> (M): 1 over the number of times that each id occurs.
	SegmentWeights Kind = "segment_weights"
	// x (N,C,spatial…) -> the output's sizes of up to three spatial axes.
	// InterpolateAttrs.
	Interpolate Kind = "interpolate"
	// dy -> dx. InterpolateAttrs.
	InterpolateGrad Kind = "interpolate_grad"
	// x -> x. The graph decides what gradient passes.
	Identity Kind = "identity"
)

// PermuteAttrs lists, for each axis of the output, the axis of the input.
type PermuteAttrs struct{ Axes []int }

// ConcatAttrs is the joined axis.
type ConcatAttrs struct{ Axis int }

// SliceAttrs is the half-open range [From, To) of Axis, of which every Step-th
// element is taken, Step at least 1.
type SliceAttrs struct{ Axis, From, To, Step int }

// PadAttrs says, for each axis, how many elements of Value are added before
// and after; negative numbers take elements away.
type PadAttrs struct {
	Before, After []int
	Value         float64
}

// GatherAttrs is the axis that ids index. In place of it stand the axes of ids:
// all of them, or, with Each, where ids start with the axes before Axis and
// every position along these has ids of its own, the rest. Indices, where not
// nil, take the place of the input ids: one axis of constants.
type GatherAttrs struct {
	Axis    int
	Each    bool
	Indices []int32
}

// InterpolateAttrs asks for linear weights instead of the nearest element.
// With r the size of an axis over that of the output, output o shows element
// floor(o·r), or lies at (o+1/2)·r - 1/2, at least 0, between two (PyTorch's
// align_corners=false).
type InterpolateAttrs struct{ Linear bool }
