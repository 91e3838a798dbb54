package onnx

import "github.com/clvid/clvid/nn/device"

// translators is the table of operations: a new kind is a line here. Kinds of
// losses and gradients have none, as encoders end before them.
var translators = map[device.Kind]translator{
	device.AdaptiveAvgPool: adaptiveAvgPool,
	device.AdaptiveMaxPool: adaptiveMaxPool,
	device.Add:             named("Add"),
	device.AddBias:         addBias,
	device.Attention:       attention,
	device.AvgPool:         avgPool,
	device.BatchMatMul:     batchMatMul,
	device.BatchNorm:       batchNorm,
	device.Broadcast:       broadcast,
	device.Concat:          concat,
	device.Conv:            conv,
	device.ConvTranspose:   convTranspose,
	device.Div:             named("Div"),
	device.Dot:             dot,
	device.Dropout:         identity,
	device.Gather:          gather,
	device.GlobalMean:      globalMean,
	device.GroupNorm:       groupNorm,
	device.Identity:        identity,
	device.Interpolate:     interpolate,
	device.LayerNorm:       layerNorm,
	device.Linear:          linear,
	device.MaskedMean:      maskedMean,
	device.MatMul:          matMul,
	device.MaxPool:         maxPool,
	device.Mul:             named("Mul"),
	device.Normalize:       normalize,
	device.Pad:             pad,
	device.Permute:         permute,
	device.ReLU:            named("Relu"),
	device.Reduce:          reduce,
	device.Reshape:         reshape,
	device.Scale:           scale,
	device.Slice:           slice,
	device.Softmax:         softmax,
	device.Sub:             named("Sub"),
	device.Unary:           unary,
}

// named translates to one node that takes the same operands.
func named(op string) translator {
	return func(e *emitter, o operation) (string, error) { return e.emit(op, o.names()), nil }
}

// identity is for operations that do nothing in evaluation: their value is
// their operand's.
func identity(_ *emitter, o operation) (string, error) { return o.in[0].name, nil }
