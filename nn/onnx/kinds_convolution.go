package onnx

import (
	"fmt"
	"slices"

	"github.com/clvid/clvid/nn/device"
)

// conv translates a convolution without bias, which AddBias adds.
func conv(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.ConvAttrs](o)
	if err != nil {
		return "", err
	}
	return e.emit("Conv", o.names(), intsAttr("strides", a.Stride...), intsAttr("pads", bothEnds(a.Pad)...),
		intsAttr("dilations", a.Dilation...), intAttr("group", a.Groups)), nil
}

// convTranspose translates the gradient of a convolution as an operation. Of the
// sizes that it may have, the padding of the output chooses the one drawn.
func convTranspose(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.ConvAttrs](o)
	if err != nil {
		return "", err
	}
	more := make([]int, len(a.Stride))
	for i := range more {
		kernel, _ := o.in[1].dims[i+2].constant()
		least := func(in, _ int) int { return (in-1)*a.Stride[i] - 2*a.Pad[i] + a.Dilation[i]*(kernel-1) + 1 }
		in, out := o.in[0].dims[i+2], o.out.dims[i+2]
		var same bool
		if more[i], same = out.combine(in.combine(in, least), minus).constant(); !same {
			return "", fmt.Errorf("the padding of its output differs at another size")
		}
	}
	return e.emit("ConvTranspose", o.names(), intsAttr("strides", a.Stride...), intsAttr("pads", bothEnds(a.Pad)...),
		intsAttr("dilations", a.Dilation...), intAttr("group", a.Groups), intsAttr("output_padding", more...)), nil
}

// bothEnds pads every axis as much behind as before.
func bothEnds(pad []int) []int { return append(slices.Clone(pad), pad...) }

// addBias adds b (C) along axis 1.
func addBias(e *emitter, o operation) (string, error) {
	return e.on("Add", o.in[0].name, e.byChannel(o.in[1], len(o.in[0].dims))), nil
}

// batchNorm translates evaluation: the running statistics normalise.
func batchNorm(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.BatchNormAttrs](o)
	if err != nil {
		return "", err
	}
	return e.emit("BatchNormalization", o.names(), floatAttr("epsilon", a.Eps)), nil
}

// groupNorm is instance norm of (N,Groups,…), scaled and shifted by channel.
func groupNorm(e *emitter, o operation) (string, error) {
	a, err := attrsOf[device.GroupNormAttrs](o)
	if err != nil {
		return "", err
	}
	x := o.in[0]
	one, zero := e.vector(1, a.Groups), e.vector(0, a.Groups)
	groups := e.on("Reshape", x.name, e.ints(0, a.Groups, -1))
	normal := e.emit("InstanceNormalization", []string{groups, one, zero}, floatAttr("epsilon", a.Eps))
	y := e.on("Reshape", normal, e.on("Shape", x.name))
	return e.on("Add", e.on("Mul", y, e.byChannel(o.in[1], len(x.dims))), e.byChannel(o.in[2], len(x.dims))), nil
}

// byChannel gives v (C) an axis of 1 for each axis behind the channels of a
// value of that rank.
func (e *emitter) byChannel(v *value, rank int) string {
	if rank == 2 {
		return v.name
	}
	axes := make([]int, rank-2)
	for i := range axes {
		axes[i] = i + 1
	}
	return e.on("Unsqueeze", v.name, e.ints(axes...))
}
