package onnx

import (
	"math"
	"slices"

	"github.com/clvid/clvid/nn/device"
)

// maxPool pads where padding depends on the size, as TensorFlow's does, by an
// operation before.
func maxPool(e *emitter, o operation) (string, error) {
	attrs, _, err := poolAttrs(o)
	if err == nil {
		return e.emit("MaxPool", o.names(), attrs...), nil
	}
	x, attrs, err := e.padded(o)
	if err != nil {
		return "", err
	}
	return e.emit("MaxPool", []string{x}, attrs...), nil
}

// padded pads the input of a pooling by -inf, which never wins, and returns the
// other attributes.
func (e *emitter) padded(o operation) (x string, attrs []attr, err error) {
	unpadded := o
	unpadded.attrs = nil
	none := make([]int, len(o.in[0].dims)-2)
	pads := make([]sizes, 2*len(o.in[0].dims))
	for _, attrs := range o.attrs {
		a := attrs.(device.PoolAttrs)
		for i := range pads {
			rank := len(pads) / 2
			n := 0
			switch {
			case i >= 2 && i < rank:
				n = a.Pad[i-2]
			case i >= rank+2:
				n = a.PadEnd[i-rank-2]
			}
			pads[i] = append(pads[i], n)
		}
		a.Pad, a.PadEnd = none, none
		unpadded.attrs = append(unpadded.attrs, a)
	}
	if attrs, _, err = poolAttrs(unpadded); err != nil {
		return "", nil, err
	}
	amounts, err := e.shape(pads, o.in[0])
	if err != nil {
		return "", nil, err
	}
	return e.on("Pad", o.in[0].name, amounts, e.scalar(math.Inf(-1))), attrs, nil
}

func avgPool(e *emitter, o operation) (string, error) {
	attrs, a, err := poolAttrs(o)
	if err != nil {
		return "", err
	}
	counted := 0
	if a.CountPad {
		counted = 1
	}
	return e.emit("AveragePool", o.names(), append(attrs, intAttr("count_include_pad", counted))...), nil
}

func poolAttrs(o operation) ([]attr, device.PoolAttrs, error) {
	a, err := attrsOf[device.PoolAttrs](o)
	attrs := []attr{intsAttr("kernel_shape", a.Kernel...), intsAttr("strides", a.Stride...),
		intsAttr("pads", append(slices.Clone(a.Pad), a.PadEnd...)...)}
	if a.Ceil {
		attrs = append(attrs, intAttr("ceil_mode", 1))
	}
	return attrs, a, err
}

// globalMean is (N,C,spatial…) to (N,C).
func globalMean(e *emitter, o operation) (string, error) {
	mean := e.on("GlobalAveragePool", o.in[0].name)
	return e.emit("Flatten", []string{mean}, intAttr("axis", 1)), nil
}

// adaptiveAvgPool averages windows axis by axis: by a reduction where one is
// left, else by a matrix of weights, zero outside each window.
func adaptiveAvgPool(e *emitter, o operation) (string, error) {
	return e.adaptive(o, "Mean", func(x string, axis int, w windows) string {
		inside := e.emit("Cast", []string{w.inside}, intAttr("to", int(typeFloat)))
		weights := e.on("Div", inside, e.emit("Cast", []string{w.count}, intAttr("to", int(typeFloat))))
		perm := lastAxis(axis, len(o.out.dims)) // its own inverse
		y := e.emit("Transpose", []string{x}, intsAttr("perm", perm...))
		y = e.on("MatMul", y, e.emit("Transpose", []string{weights}, intsAttr("perm", 1, 0)))
		return e.emit("Transpose", []string{y}, intsAttr("perm", perm...))
	})
}

// adaptiveMaxPool takes maxima over windows: x with an axis of windows before
// the pooled one, -inf outside each.
func adaptiveMaxPool(e *emitter, o operation) (string, error) {
	return e.adaptive(o, "Max", func(x string, axis int, w windows) string {
		perm := lastAxis(axis, len(o.out.dims))
		y := e.emit("Transpose", []string{x}, intsAttr("perm", perm...))
		y = e.on("Where", w.inside, e.on("Unsqueeze", y, e.ints(-2)), e.scalar(math.Inf(-1)))
		return e.emit("Transpose", []string{e.reduce("Max", y, false, len(perm))}, intsAttr("perm", perm...))
	})
}

// lastAxis exchanges an axis with the last one.
func lastAxis(axis, rank int) []int {
	perm := make([]int, rank)
	for i := range perm {
		perm[i] = i
	}
	perm[axis], perm[rank-1] = rank-1, axis
	return perm
}

// windows are those of an adaptive pooling along an axis.
type windows struct {
	inside string // (out,in) bool
	count  string // (out,1) int64
}

// adaptive pools one spatial axis after another: windows are boxes, of which a
// mean or maximum can be taken so.
func (e *emitter) adaptive(o operation, what string, pool func(x string, axis int, w windows) string) (string, error) {
	x := o.in[0]
	y := x.name
	for axis := 2; axis < len(x.dims); axis++ {
		in, out := x.dims[axis], o.out.dims[axis]
		switch n, constant := out.constant(); {
		case in.equal(out):
		case constant && n == 1:
			y = e.reduce(what, y, true, axis)
		default:
			w, err := e.windows(in, out, x)
			if err != nil {
				return "", err
			}
			y = pool(y, axis, w)
		}
	}
	return y, nil
}

// windows are [o·in/out, ⌈(o+1)·in/out⌉) for each o below out.
func (e *emitter) windows(in, out sizes, x *value) (windows, error) {
	ins, outs, err := e.bothSizes(in, out, x)
	if err != nil {
		return windows{}, err
	}
	o := e.on("Unsqueeze", e.upTo(outs), e.ints(1))
	from := e.on("Div", e.on("Mul", o, ins), outs)
	next := e.on("Mul", e.on("Add", o, e.ints(1)), ins)
	to := e.on("Div", e.on("Add", next, e.on("Sub", outs, e.ints(1))), outs)
	p := e.upTo(ins)
	inside := e.on("And", e.on("GreaterOrEqual", p, from), e.on("Less", p, to))
	return windows{inside: inside, count: e.on("Sub", to, from)}, nil
}

// upTo is 0, 1, … below a size.
func (e *emitter) upTo(size string) string {
	scalar := func(v string) string { return e.on("Squeeze", v, e.ints(0)) }
	return e.on("Range", scalar(e.ints(0)), scalar(size), scalar(e.ints(1)))
}
