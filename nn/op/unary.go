package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// GELU is x·Phi(x) of each element, with Phi the standard normal distribution
// (arXiv:1606.08415).
func GELU(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.GELU, 0) }

// GELUTanh is GELU by the approximation
// x/2·(1+tanh(sqrt(2/pi)·(x+0.044715x³))) of the same paper.
func GELUTanh(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.GELUTanh, 0) }

// GELUQuick is x·sigmoid(1.702x), the rougher one, of CLIP.
func GELUQuick(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.GELUQuick, 0) }

// SiLU is x·sigmoid(x) of each element, also called swish (arXiv:1710.05941).
func SiLU(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.SiLU, 0) }

// Sigmoid is 1/(1+e^-x) of each element.
func Sigmoid(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Sigmoid, 0) }

// Tanh is the hyperbolic tangent of each element.
func Tanh(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Tanh, 0) }

// Softplus is ln(1+e^x) of each element.
func Softplus(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Softplus, 0) }

// Exp is e to the power of each element.
func Exp(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Exp, 0) }

// Log is the natural logarithm of each element.
func Log(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Log, 0) }

// Sqrt is the square root of each element. Its gradient at 0 is infinite.
func Sqrt(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Sqrt, 0) }

// Square is x² of each element.
func Square(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Square, 0) }

// Abs is |x| of each element. Its gradient at 0 is 0.
func Abs(x *gorgonia.Node) *gorgonia.Node { return unary(x, device.Abs, 0) }

// Pow is each element to the power of a constant; negative elements need a
// whole one.
func Pow(x *gorgonia.Node, exponent float64) *gorgonia.Node { return unary(x, device.Pow, exponent) }

// AtLeast is max(x, bound) of each element. Its gradient where x is at most
// bound is 0.
func AtLeast(x *gorgonia.Node, bound float64) *gorgonia.Node { return unary(x, device.AtLeast, bound) }

func unary(x *gorgonia.Node, f device.UnaryFunc, param float64) *gorgonia.Node {
	a := device.UnaryAttrs{Func: f, Param: param}
	o := &Op{kind: device.Unary, attrs: a, out: TypeOf(x), wrt: []bool{true}}
	o.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		at := in[0]
		if f.ByOutput() {
			at = out
		}
		d := &Op{kind: device.UnaryGrad, attrs: a, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, at)}
	}
	return o.apply(x)
}
