package onnx

import (
	"fmt"
	"math"

	"github.com/clvid/clvid/nn/device"
)

func scale(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.ScaleAttrs](o)
	if err != nil {
		return "", err
	}
	return e.on("Mul", o.in[0].name, e.scalar(a.Factor)), nil
}

// plainFunctions are those that ONNX has.
var plainFunctions = map[device.UnaryFunc]string{
	device.Sigmoid: "Sigmoid", device.Tanh: "Tanh", device.Softplus: "Softplus", device.Exp: "Exp",
	device.Log: "Log", device.Sqrt: "Sqrt", device.Abs: "Abs",
}

// unary translates a function of each element.
func unary(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.UnaryAttrs](o)
	if err != nil {
		return "", err
	}
	x := o.in[0].name
	if op, ok := plainFunctions[a.Func]; ok {
		return e.on(op, x), nil
	}
	switch a.Func {
	case device.GELU:
		return e.gelu(x), nil
	case device.GELUTanh:
		return e.geluTanh(x), nil
	case device.GELUQuick:
		return e.on("Mul", x, e.on("Sigmoid", e.on("Mul", x, e.scalar(1.702)))), nil
	case device.SiLU:
		return e.on("Mul", x, e.on("Sigmoid", x)), nil
	case device.Square:
		return e.on("Mul", x, x), nil
	case device.Pow:
		return e.on("Pow", x, e.scalar(a.Param)), nil
	case device.AtLeast:
		return e.on("Max", x, e.scalar(a.Param)), nil
	}
	return "", fmt.Errorf("the function %s has no translation to ONNX", a.Func)
}

// gelu is x·(1+erf(x/√2))/2, in the order that runtimes recognise and fuse.
func (e *emitter) gelu(x string) string {
	phi := e.on("Add", e.on("Erf", e.on("Div", x, e.scalar(math.Sqrt2))), e.scalar(1))
	return e.on("Mul", e.on("Mul", x, phi), e.scalar(.5))
}

// geluTanh is x·(1+tanh(√(2/π)·(x+0.044715·x³)))/2.
func (e *emitter) geluTanh(x string) string {
	cubic := e.on("Mul", e.on("Pow", x, e.scalar(3)), e.scalar(.044715))
	inner := e.on("Mul", e.on("Add", x, cubic), e.scalar(math.Sqrt(2/math.Pi)))
	phi := e.on("Add", e.on("Tanh", inner), e.scalar(1))
	return e.on("Mul", e.on("Mul", x, phi), e.scalar(.5))
}
