package cpu

import (
	"errors"
	"fmt"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
	"github.com/clvid/clvid/nn/device/cpu/internal/onednn"
)

// convolution is what the three convolution kinds share.
type convolution struct {
	x, w, y device.Type
	attrs   device.ConvAttrs
}

// lowerConv: x, w -> y.
func lowerConv(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	g := convolution{op.In[0], op.In[1], op.Out, op.Attrs.(device.ConvAttrs)}
	c, xLayout, ok, err := f.chooseConv(g, onednn.Forward, in[0].Layout)
	if !ok {
		return device.Lowered{}, false, err
	}
	return device.Lowered{In: []device.Layout{xLayout, nil}, Out: c.layout, Scratch: c.Scratch, Reuse: -1,
		Kernel: func(a *device.Args) error {
			return c.Run(a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		}}, true, nil
}

// lowerConvGradInput: dy, w, x -> dx. Of x only the shape is used, so that it
// may keep any layout.
func lowerConvGradInput(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	g := convolution{op.Out, op.In[1], op.In[0], op.Attrs.(device.ConvAttrs)}
	c, dxLayout, ok, err := f.chooseConv(g, onednn.GradInput, channelsLast)
	if !ok {
		return device.Lowered{}, false, err
	}
	return device.Lowered{In: []device.Layout{c.layout, nil, in[2].Layout}, Out: dxLayout, Scratch: c.Scratch, Reuse: -1,
		Kernel: func(a *device.Args) error {
			return c.Run(a.Out.Ptr, a.In[1].Ptr, a.In[0].Ptr, a.Scratch.Ptr)
		}}, true, nil
}

// lowerConvGradWeight: x, dy, w -> dw. Of w only the shape is used.
func lowerConvGradWeight(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	g := convolution{op.In[0], op.Out, op.In[1], op.Attrs.(device.ConvAttrs)}
	c, xLayout, ok, err := f.chooseConv(g, onednn.GradWeight, in[0].Layout)
	if err != nil {
		return device.Lowered{}, false, err
	}
	if (!ok || c.IsGEMM()) && g.suitsTaps() {
		return f.lowerTaps(g, in), true, nil
	}
	if !ok {
		return device.Lowered{}, false, nil
	}
	return device.Lowered{In: []device.Layout{xLayout, c.layout, in[2].Layout}, Scratch: c.Scratch, Reuse: -1,
		Kernel: func(a *device.Args) error {
			return c.Run(a.In[0].Ptr, a.Out.Ptr, a.In[1].Ptr, a.Scratch.Ptr)
		}}, true, nil
}

// tapChannels is the least number of channels on either side with which
// products tap by tap are worth their setting up.
const tapChannels = 16

func (g convolution) suitsTaps() bool {
	return g.attrs.Groups == 1 && min(g.w.Shape[0], g.w.Shape[1]) >= tapChannels && len(g.x.Shape) <= 5
}

// lowerTaps serves where the library unfolds its input to matrices, as oneDNN
// 2.6 does on maps of few places: 4 to 7 times slower on those of r3d-10.
func (f *fast) lowerTaps(g convolution, in []device.Value) device.Lowered {
	conv := ckernel.Conv{
		N: g.x.Shape[0], C: g.x.Shape[1], K: g.w.Shape[0],
		In: lastAxes(g.x.Shape[2:], 1), Kernel: lastAxes(g.w.Shape[2:], 1), Out: lastAxes(g.y.Shape[2:], 1),
		Stride: lastAxes(g.attrs.Stride, 1), Pad: lastAxes(g.attrs.Pad, 0), Dilation: lastAxes(g.attrs.Dilation, 1),
	}
	sgemm := f.library.SGEMM()
	return device.Lowered{In: []device.Layout{channelsLast, channelsLast, in[2].Layout},
		Scratch: f.team.GradWeightScratch(conv), Reuse: -1, Kernel: func(a *device.Args) error {
			return f.team.ConvGradWeight(conv, sgemm, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		}}
}

// chosenConv is a convolution and the layout of y and its gradient.
type chosenConv struct {
	*onednn.Conv
	layout device.Layout
}

// layouts is a way of keeping a convolution's operands.
type layouts struct {
	x, y         onednn.Layout
	xKept, yKept device.Layout
}

// stemChannels is the largest number of input channels for which the library
// has code made for the plain layout.
const stemChannels = 3

// convLayouts are the ways to try, best first. For a stem (few channels, as
// they come from clips) the library has fast code only from plain to blocks of
// 16 channels, and 16 channels in blocks are channels last. Where it has only
// plain loops for channels last, it may still have matrix products for plain.
func convLayouts(g convolution, d onednn.Direction, have device.Layout) []layouts {
	ways := []layouts{
		{onednn.ChannelsLast, onednn.ChannelsLast, channelsLast, channelsLast},
		{onednn.Plain, onednn.Plain, nil, nil},
	}
	stem := g.x.Shape[1] <= stemChannels && g.w.Shape[0] == 16 && g.attrs.Groups == 1 && have == nil && d != onednn.GradInput
	if stem {
		way := layouts{onednn.Plain, onednn.Blocks16, nil, channelsLast}
		ways = append([]layouts{way}, ways...)
	}
	return ways
}

// chooseConv makes the first convolution that the library has code for; ok is
// false where it has none but reference loops.
func (f *fast) chooseConv(g convolution, d onednn.Direction, have device.Layout) (c chosenConv, x device.Layout, ok bool, err error) {
	if spatial := len(g.x.Shape) - 2; spatial < 1 || spatial > 3 {
		return c, nil, false, nil
	}
	for _, way := range convLayouts(g, d, have) {
		made, err := f.library.Conv(g.describe(d, way))
		switch {
		case errors.Is(err, onednn.ErrNoPrimitive):
			continue
		case err != nil:
			return c, nil, false, fmt.Errorf("x %v, w %v, y %v: %w", g.x.Shape, g.w.Shape, g.y.Shape, err)
		case made.IsReference(), way.y == onednn.Blocks16 && made.IsGEMM():
			continue
		}
		return chosenConv{made, way.yKept}, way.xKept, true, nil
	}
	return c, nil, false, nil
}

func (g convolution) describe(d onednn.Direction, way layouts) onednn.ConvDesc {
	a := g.attrs
	return onednn.ConvDesc{
		Direction: d, Spatial: len(g.x.Shape) - 2, InLayout: way.x, OutLayout: way.y,
		Groups: a.Groups, N: g.x.Shape[0], C: g.x.Shape[1], K: g.w.Shape[0],
		In: firstAxes(g.x.Shape[2:], 1), Kernel: firstAxes(g.w.Shape[2:], 1), Out: firstAxes(g.y.Shape[2:], 1),
		Stride: firstAxes(a.Stride, 1), Pad: firstAxes(a.Pad, 0), Dilation: firstAxes(a.Dilation, 1),
	}
}

func firstAxes(v []int, missing int) [3]int {
	a := [3]int{missing, missing, missing}
	copy(a[:], v)
	return a
}

// lowerMatMul: a, b -> a·b.
func lowerMatMul(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	t := op.Attrs.(device.MatMulAttrs)
	m, n, k := op.Out.Shape[0], op.Out.Shape[1], op.In[0].Shape[1]
	if t.TransA {
		k = op.In[0].Shape[0]
	}
	return device.Lowered{In: make([]device.Layout, 2), Reuse: -1, Kernel: func(a *device.Args) error {
		return f.library.MatMul(t.TransA, t.TransB, m, n, k, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr)
	}}, true, nil
}
