package onnx

import "github.com/clvid/clvid/nn/device"

// interpolate resizes spatial axes. The nearest element is taken axis by axis,
// as whole numbers place it exactly, where Resize would round.
func interpolate(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.InterpolateAttrs](o)
	if err != nil {
		return "", err
	}
	x := o.in[0]
	if a.Linear {
		sizes, err := e.shape(o.out.dims, x)
		if err != nil {
			return "", err
		}
		return e.emit("Resize", []string{x.name, "", "", sizes}, textAttr("mode", "linear"),
			textAttr("coordinate_transformation_mode", "half_pixel")), nil
	}
	y := x.name
	for axis := 2; axis < len(x.dims); axis++ {
		in, out := x.dims[axis], o.out.dims[axis]
		if in.equal(out) {
			continue
		}
		ins, outs, err := e.bothSizes(in, out, x)
		if err != nil {
			return "", err
		}
		nearest := e.on("Div", e.on("Mul", e.upTo(outs), ins), outs)
		y = e.emit("Gather", []string{y, nearest}, intAttr("axis", axis))
	}
	return y, nil
}

// bothSizes are an axis of x and of what becomes of it.
func (e *emitter) bothSizes(in, out sizes, x *value) (ins, outs string, err error) {
	if ins, err = e.size(in, x); err != nil {
		return "", "", err
	}
	outs, err = e.size(out, x)
	return ins, outs, err
}
