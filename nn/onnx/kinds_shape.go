package onnx

import (
	"fmt"
	"slices"

	"github.com/clvid/clvid/nn/device"
)

func reshape(e *emitter, o operation) (string, error) { return e.reshape(o.in[0], o.out.dims) }

func concat(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.ConcatAttrs](o)
	if err != nil {
		return "", err
	}
	return e.emit("Concat", o.names(), intAttr("axis", a.Axis)), nil
}

// slice takes every so-many-th of a range of one axis, whose bounds may depend
// on the input.
func slice(e *emitter, o operation) (string, error) {
	first := o.attrs[0].(device.SliceAttrs)
	var from, to sizes
	for _, attrs := range o.attrs {
		a := attrs.(device.SliceAttrs)
		from, to = append(from, a.From), append(to, a.To)
		if a.Axis != first.Axis || a.Step != first.Step {
			return "", fmt.Errorf("its settings %+v are %+v at another size", first, a)
		}
	}
	x := o.in[0]
	start, err := e.bound(from, x, first.Axis)
	if err != nil {
		return "", err
	}
	end, err := e.bound(to, x, first.Axis)
	if err != nil {
		return "", err
	}
	return e.on("Slice", x.name, start, end, e.ints(first.Axis), e.ints(first.Step)), nil
}

// bound is an end of a slice along an axis of x: a number, counted from the
// end where that is constant, or a size.
func (e *emitter) bound(s sizes, x *value, axis int) (string, error) {
	n, constant := s.constant()
	short, fromEnd := s.combine(x.dims[axis], minus).constant()
	switch {
	case constant:
		return e.ints(n), nil
	case fromEnd && short == 0:
		return e.ints(endOfAxis), nil
	case fromEnd:
		return e.ints(short), nil
	}
	return e.size(s, x)
}

func permute(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.PermuteAttrs](o)
	if err != nil {
		return "", err
	}
	return e.emit("Transpose", o.names(), intsAttr("perm", a.Axes...)), nil
}

// broadcast repeats x. Expand leaves an axis as it is where it is asked for 1,
// so that only the repeated ones need their size.
func broadcast(e *emitter, o operation) (string, error) {
	x := o.in[0]
	dims := append([]sizes{}, o.out.dims...)
	for i, s := range x.dims {
		to := i + len(dims) - len(x.dims)
		if s.equal(dims[to]) {
			dims[to] = s.combine(s, func(_, _ int) int { return 1 })
		}
	}
	shape, err := e.shape(dims, x)
	if err != nil {
		return "", err
	}
	return e.on("Expand", x.name, shape), nil
}

// pad adds to the ends of axes, or takes away.
func pad(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.PadAttrs](o)
	if err != nil {
		return "", err
	}
	return e.on("Pad", o.in[0].name, e.ints(append(slices.Clone(a.Before), a.After...)...), e.scalar(a.Value)), nil
}
