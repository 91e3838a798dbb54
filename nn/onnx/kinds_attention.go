package onnx

import (
	"math"

	"github.com/clvid/clvid/nn/device"
)

// hidden stands for the score of a key that is not seen: far enough below all
// others for a weight of 0, but finite, as a row of infinities would give NaN.
const hidden = -math.MaxFloat32

// attention spells softmax(scale·q·kᵀ + bias)·v out, by head.
func attention(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.AttentionAttrs](o)
	if err != nil {
		return "", err
	}
	q, k, v := e.content(o, a)
	scores := e.on("MatMul", e.on("Mul", e.heads(q, a, 0, 2, 1, 3), e.scalar(a.Scale)), e.heads(k, a, 0, 2, 3, 1))
	if a.Biased {
		scores = e.on("Add", scores, e.attentionBias(o, a, scores))
	}
	seen := e.seen(o, a, q, k)
	if seen != "" {
		scores = e.on("Where", seen, scores, e.scalar(hidden))
	}
	weights := e.emit("Softmax", []string{scores}, intAttr("axis", -1))
	if a.Masked { // a query that sees no key has weights all the same
		weights = e.on("Where", seen, weights, e.scalar(0))
	}
	y := e.on("MatMul", weights, e.heads(v, a, 0, 2, 1, 3)) // (N,heads,Lq,d)
	y = e.emit("Transpose", []string{y}, intsAttr("perm", 0, 2, 1, 3))
	width, _ := o.out.dims[2].constant()
	return e.on("Reshape", y, e.ints(0, 0, width)), nil
}

// content are the names of q, k and v, which may lie side by side.
func (e *emitter) content(o operation, a device.AttentionAttrs) (q, k, v string) {
	if !a.Packed {
		return o.in[0].name, o.in[1].name, o.in[2].name
	}
	width, _ := o.out.dims[2].constant()
	part := func(i int) string {
		return e.on("Slice", o.in[0].name, e.ints(i*width), e.ints((i+1)*width), e.ints(2))
	}
	return part(0), part(1), part(2)
}

// heads splits the width of (N,L,heads·d) and orders (N,L,heads,d) anew.
func (e *emitter) heads(x string, a device.AttentionAttrs, perm ...int) string {
	split := e.on("Reshape", x, e.ints(0, 0, a.Heads, -1))
	return e.emit("Transpose", []string{split}, intsAttr("perm", perm...))
}

// attentionBias is the bias in a shape that fits (N,heads,Lq,Lk): it is one for
// all samples, or for each its own.
func (e *emitter) attentionBias(o operation, a device.AttentionAttrs, scores string) string {
	bias := o.in[len(o.in)-1]
	if n, constant := bias.dims[0].constant(); constant && n == a.Heads {
		return bias.name
	}
	return e.on("Reshape", bias.name, e.on("Shape", scores))
}

// seen is a bool that broadcasts to (N,heads,Lq,Lk): which keys queries see; ""
// where they see all.
func (e *emitter) seen(o operation, a device.AttentionAttrs, q, k string) string {
	var mask, causal string
	if a.Masked {
		at := 3
		if a.Packed {
			at = 1
		}
		allowed := e.on("Not", e.on("Equal", o.in[at].name, e.scalar(0)))
		mask = e.on("Unsqueeze", allowed, e.ints(1, 2))
	}
	if a.Causal {
		length := func(x string) string { return e.emit("Shape", []string{x}, intAttr("start", 1), intAttr("end", 2)) }
		causal = e.on("GreaterOrEqual", e.on("Unsqueeze", e.upTo(length(q)), e.ints(1)), e.upTo(length(k)))
	}
	if mask != "" && causal != "" {
		return e.on("And", mask, causal)
	}
	return mask + causal
}
