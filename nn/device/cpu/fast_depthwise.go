package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// mostTaps bounds what a depthwise kernel keeps on a thread's stack.
const mostTaps = 1024

// isDepthwise tells whether each channel has one kernel of its own. The library
// has code for that in 2-D only, which ours equals.
func (g convolution) isDepthwise() bool {
	channels, taps := g.x.Shape[1], device.Type{Shape: g.w.Shape[2:]}.Elements()
	return taps <= mostTaps && channels > 1 && g.attrs.Groups == channels && g.w.Shape[0] == channels && len(g.x.Shape) <= 5
}

// depthwise describes the convolution on activations in a layout.
func (g convolution) depthwise(l layout) ckernel.Depthwise {
	n, channels := l.samples(g.x)
	return ckernel.Depthwise{Elem: l.elem, Blocks: n / g.x.Shape[0], Conv: ckernel.Conv{
		N: n, C: channels, K: channels,
		In: lastAxes(g.x.Shape[2:], 1), Kernel: lastAxes(g.w.Shape[2:], 1), Out: lastAxes(g.y.Shape[2:], 1),
		Stride: lastAxes(g.attrs.Stride, 1), Pad: lastAxes(g.attrs.Pad, 0), Dilation: lastAxes(g.attrs.Dilation, 1),
	}}
}

// depthwiseLayout is x's own where channels lie innermost, in the elements that
// the plan asks for.
func (f *fast) depthwiseLayout(op device.OpDesc, x device.Value) layout {
	l := innerLayout(x.Type, x)
	l.elem = f.elem(op)
	return l
}

func (f *fast) lowerDepthwise(op device.OpDesc, g convolution, in []device.Value) device.Lowered {
	keep := f.depthwiseLayout(op, in[0])
	d := g.depthwise(keep)
	return device.Lowered{In: []device.Layout{keep.device(), nil}, Out: keep.device(), Scratch: d.Scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.Depthwise(d, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}
}

func (f *fast) lowerDepthwiseGradInput(op device.OpDesc, g convolution, in []device.Value) device.Lowered {
	keep := f.depthwiseLayout(op, in[2])
	d := g.depthwise(keep)
	return device.Lowered{In: []device.Layout{keep.device(), nil, in[2].Layout}, Out: keep.device(), Scratch: d.Scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.DepthwiseGradInput(d, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}
}

func (f *fast) lowerDepthwiseGradWeight(op device.OpDesc, g convolution, in []device.Value) device.Lowered {
	keep := f.depthwiseLayout(op, in[0])
	d := g.depthwise(keep)
	return device.Lowered{In: []device.Layout{keep.device(), keep.device(), in[2].Layout}, Scratch: d.Scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.DepthwiseGradWeight(d, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}
}
