package onnx

import "github.com/clvid/clvid/nn/device"

// matMul multiplies matrices; Gemm transposes what MatMul would not.
func matMul(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.MatMulAttrs](o)
	if err != nil {
		return "", err
	}
	var attrs []attr
	if a.TransA {
		attrs = append(attrs, intAttr("transA", 1))
	}
	if a.TransB {
		attrs = append(attrs, intAttr("transB", 1))
	}
	return e.emit("Gemm", o.names(), attrs...), nil
}

// linear is x·wᵀ + b along the last axis; b may be missing.
func linear(e *emitter, o operation) (string, error) {
	if len(o.in[0].dims) == 2 {
		return e.emit("Gemm", o.names(), intAttr("transB", 1)), nil
	}
	w := e.emit("Transpose", []string{o.in[1].name}, intsAttr("perm", 1, 0))
	y := e.on("MatMul", o.in[0].name, w)
	if len(o.in) == 3 {
		y = e.on("Add", y, o.in[2].name)
	}
	return y, nil
}

// batchMatMul multiplies the last two axes, which MatMul does not transpose.
func batchMatMul(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.MatMulAttrs](o)
	if err != nil {
		return "", err
	}
	in := o.names()
	for i, transposed := range []bool{a.TransA, a.TransB} {
		if transposed {
			in[i] = e.swapLast(o.in[i])
		}
	}
	return e.emit("MatMul", in), nil
}

// swapLast exchanges the last two axes.
func (e *emitter) swapLast(v *value) string {
	perm := make([]int, len(v.dims))
	for i := range perm {
		perm[i] = i
	}
	last := len(perm) - 1
	perm[last], perm[last-1] = last-1, last
	return e.emit("Transpose", []string{v.name}, intsAttr("perm", perm...))
}

func layerNorm(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.LayerNormAttrs](o)
	if err != nil {
		return "", err
	}
	return e.emit("LayerNormalization", o.names(), intAttr("axis", -1), floatAttr("epsilon", a.Eps)), nil
}

// normalize divides rows by their norm, or by eps where that is larger.
func normalize(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.NormalizeAttrs](o)
	if err != nil {
		return "", err
	}
	x := o.in[0].name
	norm := e.on("Max", e.reduce("L2", x, true, len(o.in[0].dims)-1), e.scalar(a.Eps))
	return e.on("Div", x, norm), nil
}

// maskedMean is the sum of x (N,L,D) weighted by mask (N,L) over the sum of
// the weights; rows without weight are 0, as their sum is.
func maskedMean(e *emitter, o operation) (string, error) {
	x, mask := o.in[0].name, o.in[1].name
	weights := e.on("Unsqueeze", mask, e.ints(1)) // (N,1,L)
	sum := e.on("Squeeze", e.on("MatMul", weights, x), e.ints(1))
	total := e.reduce("Sum", mask, true, 1) // (N,1)
	none := e.on("Equal", total, e.scalar(0))
	return e.on("Div", sum, e.on("Where", none, e.scalar(1), total)), nil
}
