package device

// Kinds of operations on elements, and of reductions over axes. Shapes broadcast as in numpy:
// aligned at the last axis, sizes equal or 1.
const (
	// x -> f(x) by element. UnaryAttrs.
	Unary Kind = "unary"
	// dy, v -> dy·f'(v), where v is the output for functions that are
	// ByOutput, else the input. UnaryAttrs.
	UnaryGrad Kind = "unary_grad"
	// a, b -> a + b, broadcast.
	Add Kind = "add"
	// a, b -> a - b, broadcast.
	Sub Kind = "sub"
	// a, b -> a·b, broadcast.
	Mul Kind = "mul"
	// a, b -> a/b, broadcast.
	Div Kind = "div"
	// x -> the output's shape, broadcast.
	Broadcast Kind = "broadcast"
	// x -> reduced over axes, which go. ReduceAttrs.
	Reduce Kind = "reduce"
	// dy, x, y -> dx, of maxima and LogSumExp. ReduceAttrs.
	ReduceGrad Kind = "reduce_grad"
	// a, b of one shape -> sum of a·b over axes, which go. DotAttrs.
	Dot Kind = "dot"
	// x -> softmax along an axis, or its logarithm. SoftmaxAttrs.
	Softmax Kind = "softmax"
	// dy, y -> dx. SoftmaxAttrs.
	SoftmaxGrad Kind = "softmax_grad"
)

// UnaryFunc names a function of one number.
type UnaryFunc string

// The functions. Phi is the standard normal distribution.
const (
	GELU      UnaryFunc = "gelu"       // x·Phi(x) (arXiv:1606.08415)
	GELUTanh  UnaryFunc = "gelu_tanh"  // its approximation by tanh, same source
	GELUQuick UnaryFunc = "gelu_quick" // x·sigmoid(1.702x), same source
	SiLU      UnaryFunc = "silu"       // x·sigmoid(x)
	Sigmoid   UnaryFunc = "sigmoid"    // 1/(1+e^-x)
	Tanh      UnaryFunc = "tanh"
	Softplus  UnaryFunc = "softplus" // ln(1+e^x)
	Exp       UnaryFunc = "exp"
	Log       UnaryFunc = "log"
	Sqrt      UnaryFunc = "sqrt"
	Square    UnaryFunc = "square"
	Abs       UnaryFunc = "abs"      // its derivative at 0 is 0
	Pow       UnaryFunc = "pow"      // x to the power of Param
	AtLeast   UnaryFunc = "at_least" // max(x, Param); its derivative at Param is 0
)

// ByOutput tells that the derivative is computed from the function's value;
// its argument need not be kept then.
func (f UnaryFunc) ByOutput() bool {
	switch f {
	case Sigmoid, Tanh, Exp, Sqrt, AtLeast:
		return true
	}
	return false
}

// UnaryAttrs is the function and, for Pow and AtLeast, its parameter.
type UnaryAttrs struct {
	Func  UnaryFunc
	Param float64
}

// SoftmaxAttrs is the axis that sums to 1; Log asks for the logarithm.
type SoftmaxAttrs struct {
	Axis int
	Log  bool
}

// ReduceFunc names what becomes of many numbers.
type ReduceFunc string

// The reductions.
const (
	ReduceSum       ReduceFunc = "sum"
	ReduceMean      ReduceFunc = "mean"
	ReduceMax       ReduceFunc = "max" // NaN wins; equal maxima share the gradient
	ReduceLogSumExp ReduceFunc = "logsumexp"
)

// ReduceAttrs are the reduction and its axes, ascending.
type ReduceAttrs struct {
	Func ReduceFunc
	Axes []int
}

// DotAttrs are the summed axes, ascending.
type DotAttrs struct{ Axes []int }
