package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerMaxPool: x -> y, and the saved index in y's layout.
func lowerMaxPool(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	p := poolOf(op.In[0], op.Out, op.Attrs.(device.PoolAttrs))
	l := device.Lowered{In: []device.Layout{channelsLast}, Out: channelsLast, Reuse: -1}
	l.Saved = []device.Value{{Type: op.Saved[0], Layout: channelsLast}}
	l.Kernel = func(a *device.Args) error {
		f.team.MaxPool(p, a.In[0].Ptr, a.Out.Ptr, a.Saved[0].Ptr)
		return nil
	}
	return l, true, nil
}

// lowerMaxPoolGrad: dy, x -> dx. Of x only the shape is used.
func lowerMaxPoolGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	p := poolOf(op.Out, op.In[0], op.Attrs.(device.PoolAttrs))
	return device.Lowered{In: []device.Layout{channelsLast, in[1].Layout}, Out: channelsLast, Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.MaxPoolGrad(p, a.In[0].Ptr, a.Reads[0].Ptr, a.Out.Ptr)
			return nil
		}}, true, nil
}

func poolOf(x, y device.Type, a device.PoolAttrs) ckernel.Pool {
	return ckernel.Pool{
		N: x.Shape[0], Channels: x.Shape[1],
		In: lastAxes(x.Shape[2:], 1), Out: lastAxes(y.Shape[2:], 1),
		Kernel: lastAxes(a.Kernel, 1), Stride: lastAxes(a.Stride, 1), Pad: lastAxes(a.Pad, 0),
	}
}

// lowerGlobalMean: x -> (N,C).
func lowerGlobalMean(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	p := planesOf(op.In[0])
	return device.Lowered{In: []device.Layout{activationLayout(op.In[0])}, Scratch: int64(8 * p.n * p.c), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.Mean(p.n, p.size, p.c, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}

// lowerGlobalMeanGrad: dy (N,C), x -> dx. Of x only the shape is used.
func lowerGlobalMeanGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	p := planesOf(op.Out)
	return device.Lowered{In: []device.Layout{nil, in[1].Layout}, Out: activationLayout(op.Out), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.MeanGrad(p.n, p.size, p.c, a.In[0].Ptr, a.Out.Ptr)
			return nil
		}}, true, nil
}
