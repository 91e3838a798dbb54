package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerMaxPool: x -> y, and the saved index in y's order.
func lowerMaxPool(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.In[0], in[0])
	p := poolOf(op.In[0], op.Out, op.Attrs.(device.PoolAttrs), keep)
	l := device.Lowered{In: []device.Layout{keep.device()}, Out: keep.device(), Reuse: -1}
	l.Saved = []device.Value{{Type: op.Saved[0], Layout: layout{order: keep.order}.device()}}
	l.Kernel = func(a *device.Args) error {
		f.team.MaxPool(p, a.In[0].Ptr, a.Out.Ptr, a.Saved[0].Ptr)
		return nil
	}
	return l, true, nil
}

// lowerMaxPoolGrad: dy, x -> dx, in the order of the index that it reads. Of x
// only the shape is used.
func lowerMaxPoolGrad(f *fast, op device.OpDesc, in, reads []device.Value) (device.Lowered, bool, error) {
	keep := layout{layoutOf(reads[0]).order, layoutOf(in[0]).elem}
	p := poolOf(op.Out, op.In[0], op.Attrs.(device.PoolAttrs), keep)
	return device.Lowered{In: []device.Layout{keep.device(), in[1].Layout}, Out: keep.device(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.MaxPoolGrad(p, a.In[0].Ptr, a.Reads[0].Ptr, a.Out.Ptr)
			return nil
		}}, true, nil
}

func poolOf(x, y device.Type, a device.PoolAttrs, l layout) ckernel.Pool {
	n, channels := l.samples(x)
	return ckernel.Pool{
		Elem: l.elem, N: n, Channels: channels,
		In: lastAxes(x.Shape[2:], 1), Out: lastAxes(y.Shape[2:], 1),
		Kernel: lastAxes(a.Kernel, 1), Stride: lastAxes(a.Stride, 1), Pad: lastAxes(a.Pad, 0),
		PadEnd: lastAxes(a.PadEnd, 0), CountPad: a.CountPad,
	}
}

// lowerAvgPool: x -> y.
func lowerAvgPool(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.In[0], in[0])
	p := poolOf(op.In[0], op.Out, op.Attrs.(device.PoolAttrs), keep)
	return device.Lowered{In: []device.Layout{keep.device()}, Out: keep.device(), Reuse: -1, Kernel: func(a *device.Args) error {
		f.team.AvgPool(p, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, true, nil
}

// lowerAvgPoolGrad: dy, x -> dx. Of x only the shape is used.
func lowerAvgPoolGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.In[0], in[0])
	p := poolOf(op.Out, op.In[0], op.Attrs.(device.PoolAttrs), keep)
	return device.Lowered{In: []device.Layout{keep.device(), in[1].Layout}, Out: keep.device(), Reuse: -1, Kernel: func(a *device.Args) error {
		f.team.AvgPoolGrad(p, a.In[0].Ptr, a.Out.Ptr)
		return nil
	}}, true, nil
}

// lowerGlobalMean: x -> (N,C), float32.
func lowerGlobalMean(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.In[0], in[0])
	n, channels := keep.samples(op.In[0])
	size := planesOf(op.In[0]).size
	return device.Lowered{In: []device.Layout{keep.device()}, Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.SumPlaces(keep.elem, n, size, channels, a.In[0].Ptr, 0, float64(size), a.Out.Ptr)
			return nil
		}}, true, nil
}

// lowerGlobalMeanGrad: dy (N,C), x -> dx in x's layout. Of x only the shape is
// used.
func lowerGlobalMeanGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.Out, in[1])
	n, channels := keep.samples(op.Out)
	size := planesOf(op.Out).size
	return device.Lowered{In: []device.Layout{nil, in[1].Layout}, Out: keep.device(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.Spread(keep.elem, n, size, channels, 1/float64(size), a.In[0].Ptr, a.Out.Ptr)
			return nil
		}}, true, nil
}
