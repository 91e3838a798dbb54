package cpu

import (
	"fmt"
	"math"

	"github.com/clvid/clvid/nn/device"
)

// function is a function of one number and a constant, with its derivative at
// v: the function's value where it is ByOutput, else its argument.
type function struct {
	at, slope func(v, param float64) float64
}

var functions = map[device.UnaryFunc]function{
	device.GELU: {
		at:    func(x, _ float64) float64 { return x * phi(x) },
		slope: func(x, _ float64) float64 { return phi(x) + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi) },
	},
	device.GELUTanh: {
		at: func(x, _ float64) float64 { return x / 2 * (1 + math.Tanh(geluInner(x))) },
		slope: func(x, _ float64) float64 {
			t := math.Tanh(geluInner(x))
			return (1+t)/2 + x/2*(1-t*t)*geluScale*(1+3*geluCubic*x*x)
		},
	},
	device.GELUQuick: {
		at:    func(x, _ float64) float64 { return x * sigmoid(quick*x) },
		slope: func(x, _ float64) float64 { return swishSlope(x, quick) },
	},
	device.SiLU: {
		at:    func(x, _ float64) float64 { return x * sigmoid(x) },
		slope: func(x, _ float64) float64 { return swishSlope(x, 1) },
	},
	device.Sigmoid: {
		at:    func(x, _ float64) float64 { return sigmoid(x) },
		slope: func(y, _ float64) float64 { return y * (1 - y) },
	},
	device.Tanh: {
		at:    func(x, _ float64) float64 { return math.Tanh(x) },
		slope: func(y, _ float64) float64 { return 1 - y*y },
	},
	device.Softplus: {
		at:    func(x, _ float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) },
		slope: func(x, _ float64) float64 { return sigmoid(x) },
	},
	device.Exp: {
		at:    func(x, _ float64) float64 { return math.Exp(x) },
		slope: func(y, _ float64) float64 { return y },
	},
	device.Log: {
		at:    func(x, _ float64) float64 { return math.Log(x) },
		slope: func(x, _ float64) float64 { return 1 / x },
	},
	device.Sqrt: {
		at:    func(x, _ float64) float64 { return math.Sqrt(x) },
		slope: func(y, _ float64) float64 { return 1 / (2 * y) },
	},
	device.Square: {
		at:    func(x, _ float64) float64 { return x * x },
		slope: func(x, _ float64) float64 { return 2 * x },
	},
	device.Abs: {
		at:    func(x, _ float64) float64 { return math.Abs(x) },
		slope: func(x, _ float64) float64 { return sign(x) },
	},
	device.Pow: {
		at:    math.Pow,
		slope: func(x, p float64) float64 { return p * math.Pow(x, p-1) },
	},
	device.AtLeast: {
		at:    func(x, bound float64) float64 { return max(x, bound) }, // NaN stays
		slope: func(y, bound float64) float64 { return step(y - bound) },
	},
}

// Constants of GELU's approximations.
const (
	geluCubic = 0.044715
	geluScale = 0.7978845608028653558798921198687 // sqrt(2/pi)
	quick     = 1.702
)

func geluInner(x float64) float64 { return geluScale * (x + geluCubic*x*x*x) }

// phi is the standard normal distribution, without cancellation at its tail.
func phi(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// swishSlope is the derivative of x·sigmoid(bx).
func swishSlope(x, b float64) float64 {
	s := sigmoid(b * x)
	return s + b*x*s*(1-s)
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0 or NaN
}

// step is 1 above 0, else 0.
func step(x float64) float64 {
	if x > 0 {
		return 1
	}
	return 0
}

func functionOf(op device.OpDesc) (f function, param float64, err error) {
	a := op.Attrs.(device.UnaryAttrs)
	f, ok := functions[a.Func]
	if !ok {
		err = fmt.Errorf("no function %q", a.Func)
	}
	return f, a.Param, err
}

// goFunction computes in float64.
func goFunction[T float](op device.OpDesc, threads int) (goKernel, error) {
	f, param, err := functionOf(op)
	if err != nil {
		return goKernel{}, err
	}
	return goUnary(func(out, x []T) {
		for i, v := range x {
			out[i] = T(f.at(float64(v), param))
		}
	})(op, threads)
}

func goFunctionGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	f, param, err := functionOf(op)
	if err != nil {
		return goKernel{}, err
	}
	return goPairs(func(out, dy, at []T) {
		for i, v := range at {
			out[i] = T(float64(dy[i]) * f.slope(float64(v), param))
		}
	})(op, threads)
}
