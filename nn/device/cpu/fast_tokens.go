package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// tokens is the layout of v as its shape says, in v's elements.
func tokens(v device.Value) layout { return layout{elem: layoutOf(v).elem} }

// lowerLayerNorm: x, gamma, beta -> y, in x's elements.
func lowerLayerNorm(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := tokens(in[0])
	l := device.Lowered{In: []device.Layout{keep.device(), nil, nil}, Out: keep.device(), Reuse: 0, Saved: plainValues(op.Saved)}
	l.Kernel = func(a *device.Args) error {
		f.team.LayerNorm(layerOf(op, op.In[1], keep, a.In[1], a.In[2]), a.In[0].Ptr, a.Out.Ptr, a.Saved[0].Ptr, a.Saved[1].Ptr)
		return nil
	}
	return l, true, nil
}

// lowerLayerNormGrad: dy, x, gamma -> dx.
func lowerLayerNormGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := tokens(in[1])
	l := device.Lowered{In: []device.Layout{keep.device(), keep.device(), nil}, Out: keep.device(), Reuse: 0, Saved: plainValues(op.Saved)}
	l.Scratch = layerOf(op, op.In[2], keep, device.Mem{}, device.Mem{}).GradScratch()
	l.Kernel = func(a *device.Args) error {
		f.team.LayerNormGrad(layerOf(op, op.In[2], keep, a.In[2], device.Mem{}), a.In[0].Ptr, a.In[1].Ptr,
			a.Reads[0].Ptr, a.Reads[1].Ptr, a.Out.Ptr, a.Saved[0].Ptr, a.Saved[1].Ptr, a.Scratch.Ptr)
		return nil
	}
	return l, true, nil
}

func layerOf(op device.OpDesc, features device.Type, keep layout, gamma, beta device.Mem) ckernel.Layer {
	d := features.Shape[0]
	return ckernel.Layer{Elem: keep.elem, Rows: int(op.Out.Elements()) / d, D: d,
		Eps: op.Attrs.(device.LayerNormAttrs).Eps, Gamma: gamma.Ptr, Beta: beta.Ptr}
}

// lowerReshape keeps a value's elements where its order is that of its shape.
func lowerReshape(_ *fast, _ device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	if layoutOf(in[0]).order != rowMajor {
		return device.Lowered{}, false, nil
	}
	return copyLowered(in[0]), true, nil
}
