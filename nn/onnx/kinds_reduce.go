package onnx

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
)

// reductions are ONNX's names, behind "Reduce".
var reductions = map[device.ReduceFunc]string{
	device.ReduceSum: "Sum", device.ReduceMean: "Mean", device.ReduceMax: "Max", device.ReduceLogSumExp: "LogSumExp",
}

// reduce takes axes away.
func reduce(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.ReduceAttrs](o)
	if err != nil {
		return "", err
	}
	what, ok := reductions[a.Func]
	if !ok {
		return "", fmt.Errorf("the reduction %s has no translation to ONNX", a.Func)
	}
	return e.reduce(what, o.in[0].name, false, a.Axes...), nil
}

// reduce is Reduce<what> over axes, which from opset 18 on are an operand.
// (ReduceSum's have been one since 13.)
func (e *emitter) reduce(what, x string, keep bool, axes ...int) string {
	kept := 0
	if keep {
		kept = 1
	}
	if what == "Sum" || e.opset >= 18 {
		return e.emit("Reduce"+what, []string{x, e.ints(axes...)}, intAttr("keepdims", kept))
	}
	return e.emit("Reduce"+what, []string{x}, intsAttr("axes", axes...), intAttr("keepdims", kept))
}

// dot sums products over axes.
func dot(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.DotAttrs](o)
	if err != nil {
		return "", err
	}
	return e.reduce("Sum", e.emit("Mul", o.names()), false, a.Axes...), nil
}

// softmax is 1 in sum along an axis, or the logarithm of that.
func softmax(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.SoftmaxAttrs](o)
	if err != nil {
		return "", err
	}
	op := "Softmax"
	if a.Log {
		op = "LogSoftmax"
	}
	return e.emit(op, o.names(), intAttr("axis", a.Axis)), nil
}
