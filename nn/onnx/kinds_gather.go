package onnx

import (
	"errors"

	"github.com/clvid/clvid/nn/device"
)

// gather takes ids of an axis; where every position before it has ids of its
// own these are a batch for GatherND, whose ids have an axis more and are int64.
func gather(e *emitter, o operation) (string, error) {
	x := o.in[0]
	a, err := attrsOf[device.GatherAttrs](o)
	if err != nil {
		ids, axis, err := e.spread(o)
		if err != nil {
			return "", err
		}
		return e.emit("Gather", []string{x.name, ids}, intAttr("axis", axis)), nil
	}
	switch {
	case a.Indices != nil:
		ids := e.constant(tensor{shape: []int{len(a.Indices)}, typ: typeInt32, i32: a.Indices})
		return e.emit("Gather", []string{x.name, ids}, intAttr("axis", a.Axis)), nil
	case a.Each:
		ids := e.emit("Cast", []string{o.in[1].name}, intAttr("to", int(typeInt64)))
		ids = e.on("Unsqueeze", ids, e.ints(-1))
		return e.emit("GatherND", []string{x.name, ids}, intAttr("batch_dims", a.Axis)), nil
	}
	return e.emit("Gather", o.names(), intAttr("axis", a.Axis)), nil
}

// spread computes indices that depend on the size of the axis in the one way
// that encoders choose frames in: evenly from the first to the last, i·(size -
// 1)/(count - 1) rounded down.
func (e *emitter) spread(o operation) (ids string, axis int, err error) {
	axis = o.attrs[0].(device.GatherAttrs).Axis
	size, count := o.in[0].dims[axis], o.out.dims[axis]
	for d, attrs := range o.attrs {
		a := attrs.(device.GatherAttrs)
		if a.Axis != axis || a.Each || a.Indices == nil {
			return "", 0, errors.New("its settings differ at another size")
		}
		for i, at := range a.Indices {
			if int(at) != i*(size[d]-1)/max(count[d]-1, 1) {
				return "", 0, errors.New("its indices differ at another size")
			}
		}
	}
	sizes, counts, err := e.bothSizes(size, count, o.in[0])
	if err != nil {
		return "", 0, err
	}
	last := e.on("Sub", sizes, e.ints(1))
	steps := e.on("Max", e.on("Sub", counts, e.ints(1)), e.ints(1))
	return e.on("Div", e.on("Mul", e.upTo(counts), last), steps), axis, nil
}
