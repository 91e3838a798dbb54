package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// fastFunctions are those with a vector kernel.
var fastFunctions = map[device.UnaryFunc]ckernel.Function{
	device.GELU: ckernel.GELU, device.GELUTanh: ckernel.GELUTanh, device.GELUQuick: ckernel.GELUQuick,
	device.SiLU: ckernel.SiLU, device.Sigmoid: ckernel.Sigmoid, device.Tanh: ckernel.Tanh,
	device.Softplus: ckernel.Softplus, device.Exp: ckernel.Exp, device.Square: ckernel.Square,
	device.Abs: ckernel.Abs, device.AtLeast: ckernel.AtLeast,
}

// lowerUnary: x -> f(x), in whatever layout x comes.
func lowerUnary(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.UnaryAttrs)
	function, ok := fastFunctions[attrs.Func]
	if !ok {
		return device.Lowered{}, false, nil
	}
	keep, n := layoutOf(in[0]), int(op.Out.Elements())
	return device.Lowered{In: []device.Layout{keep.device()}, Out: keep.device(), Reuse: 0, Kernel: func(a *device.Args) error {
		f.team.Function(function, attrs.Param, keep.elem, n, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, true, nil
}

// lowerUnaryGrad: dy, v -> dy·f'(v), in v's layout.
func lowerUnaryGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.UnaryAttrs)
	function, ok := fastFunctions[attrs.Func]
	if !ok {
		return device.Lowered{}, false, nil
	}
	keep, n := layoutOf(in[1]), int(op.Out.Elements())
	return device.Lowered{In: []device.Layout{keep.device(), keep.device()}, Out: keep.device(), Reuse: 0,
		Kernel: func(a *device.Args) error {
			f.team.FunctionGrad(function, attrs.Param, keep.elem, n, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr)
			return nil
		}}, true, nil
}

// lowerSoftmax: x -> y along the last axis, in float32.
func lowerSoftmax(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.SoftmaxAttrs)
	rows, n := rowsAndColumns(op.Out.Shape)
	return device.Lowered{In: make([]device.Layout, 1), Reuse: 0, Kernel: func(a *device.Args) error {
		f.team.Softmax(attrs.Log, rows, n, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, attrs.Axis == len(op.Out.Shape)-1, nil
}

// lowerSoftmaxGrad: dy, y -> dx.
func lowerSoftmaxGrad(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.SoftmaxAttrs)
	rows, n := rowsAndColumns(op.Out.Shape)
	return device.Lowered{In: make([]device.Layout, 2), Reuse: 0, Kernel: func(a *device.Args) error {
		f.team.SoftmaxGrad(attrs.Log, rows, n, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr)
		return nil
	}}, attrs.Axis == len(op.Out.Shape)-1, nil
}

// lowerDropout: x, step -> y. Elements are numbered as in the plain layout;
// samples are the same in all.
func lowerDropout(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.DropoutAttrs)
	n := int(op.Out.Elements())
	switch {
	case !op.Train:
		return copyLowered(in[0]), true, nil
	case attrs.Run == 1:
		return device.Lowered{In: make([]device.Layout, 2), Reuse: 0, Kernel: func(a *device.Args) error {
			d := ckernel.Draw{Scale: attrs.Scale()}
			d.Low, d.High, d.Threshold = attrs.Draws(slice[int32](a.In[1])[0])
			f.team.Dropout(d, ckernel.Float32, n, a.In[0].Ptr, a.Out.Ptr)
			return nil
		}}, true, nil
	case len(op.Out.Shape) > 0 && n == attrs.Run*op.Out.Shape[0]:
		return f.dropSamples(attrs, in[0]), true, nil
	}
	return device.Lowered{}, false, nil
}

// dropSamples drops whole samples, in whatever layout they come.
func (f *fast) dropSamples(attrs device.DropoutAttrs, x device.Value) device.Lowered {
	keep := layoutOf(x)
	bytes := uintptr(keep.bytes(x.Type)) / uintptr(x.Type.Shape[0])
	return device.Lowered{In: []device.Layout{keep.device(), nil}, Out: keep.device(), Reuse: 0, Kernel: func(a *device.Args) error {
		keeps := attrs.Keeps(slice[int32](a.In[1])[0])
		for i := range x.Type.Shape[0] {
			from, to := a.In[0].Ptr+uintptr(i)*bytes, a.Out.Ptr+uintptr(i)*bytes
			if keeps(uint32(i)) {
				f.team.Elements(ckernel.Scale, keep.elem, attrs.Run, from, from, attrs.Scale(), to)
			} else {
				f.team.Copy(ckernel.Runs{Count: 1, Bytes: int(bytes)}, 0, to)
			}
		}
		return nil
	}}
}
