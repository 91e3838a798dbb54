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
	if g.isDepthwise() {
		return f.lowerDepthwise(op, g, in), true, nil
	}
	c, ok, err := f.chooseConv(g, onednn.Forward, layoutOf(in[0]), f.elem(op))
	if !ok {
		return device.Lowered{}, false, err
	}
	return device.Lowered{In: []device.Layout{c.x.device(), nil}, Out: c.y.device(), Scratch: c.scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			return f.runConv(c, onednn.Forward, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		}}, true, nil
}

// lowerConvGradInput: dy, w, x -> dx. Of x only the shape is used, so that it
// may keep any layout.
func lowerConvGradInput(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	g := convolution{op.Out, op.In[1], op.In[0], op.Attrs.(device.ConvAttrs)}
	if g.isDepthwise() {
		return f.lowerDepthwiseGradInput(op, g, in), true, nil
	}
	c, ok, err := f.chooseConv(g, onednn.GradInput, layoutOf(in[2]), f.elem(op))
	if !ok {
		return device.Lowered{}, false, err
	}
	return device.Lowered{In: []device.Layout{c.y.device(), nil, in[2].Layout}, Out: c.x.device(), Scratch: c.scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			return f.runConv(c, onednn.GradInput, a.Out.Ptr, a.In[1].Ptr, a.In[0].Ptr, a.Scratch.Ptr)
		}}, true, nil
}

// lowerConvTranspose: x, w -> y, as the gradient of the convolution from y's
// shape to x's.
func lowerConvTranspose(f *fast, op device.OpDesc, in, reads []device.Value) (device.Lowered, bool, error) {
	y := device.Value{Type: op.Out, Layout: innerLayout(op.Out).device()}
	op.In = []device.Type{op.In[0], op.In[1], op.Out}
	l, ok, err := lowerConvGradInput(f, op, []device.Value{in[0], in[1], y}, reads)
	if ok {
		l.In = l.In[:2]
	}
	return l, ok, err
}

// lowerConvGradWeight: x, dy, w -> dw. Of w only the shape is used.
func lowerConvGradWeight(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	g := convolution{op.In[0], op.Out, op.In[1], op.Attrs.(device.ConvAttrs)}
	if g.isDepthwise() {
		return f.lowerDepthwiseGradWeight(op, g, in), true, nil
	}
	c, ok, err := f.chooseConv(g, onednn.GradWeight, layoutOf(in[0]), f.elem(op))
	if err != nil {
		return device.Lowered{}, false, err
	}
	if (!ok || c.IsGEMM()) && g.suitsTaps() {
		return f.lowerTaps(g, in), true, nil
	}
	if !ok {
		return device.Lowered{}, false, nil
	}
	return device.Lowered{In: []device.Layout{c.x.device(), c.y.device(), in[2].Layout}, Scratch: c.scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			return f.runConv(c, onednn.GradWeight, a.In[0].Ptr, a.Out.Ptr, a.In[1].Ptr, a.Scratch.Ptr)
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
	last := layout{order: channelsLast}
	return device.Lowered{In: []device.Layout{last, last, in[2].Layout},
		Scratch: f.team.GradWeightScratch(conv), Reuse: -1, Kernel: func(a *device.Args) error {
			return f.team.ConvGradWeight(conv, sgemm, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		}}
}

// way is how a convolution's activations, or their gradients, lie.
type way struct{ x, y layout }

// chosenConv is a convolution that the library has code for.
type chosenConv struct {
	*onednn.Conv
	way
	picked *picked // nil: x goes to the library as it is
}

// picked are the places of x that strides meet.
type picked struct {
	pool  ckernel.Pool
	bytes int64 // of those places, rounded up to 64
}

func (c chosenConv) scratch() int64 {
	if c.picked == nil {
		return c.Scratch
	}
	return c.Scratch + c.picked.bytes
}

// runConv runs a convolution on the caller's operands.
func (f *fast) runConv(c chosenConv, d onednn.Direction, x, w, y, scratch uintptr) error {
	if c.picked == nil {
		return c.Run(x, w, y, scratch)
	}
	places, scratch := scratch, scratch+uintptr(c.picked.bytes)
	if d != onednn.GradInput {
		f.team.Pick(c.picked.pool, x, places)
	}
	if err := c.Run(places, w, y, scratch); err != nil || d != onednn.GradInput {
		return err
	}
	f.team.Put(c.picked.pool, places, x)
	return nil
}

// sampled is the dense convolution of the places that a kernel of one tap meets
// in strides, which the library computes up to twice as fast; ok is false for
// others.
func (g convolution) sampled() (dense convolution, ok bool) {
	for i, size := range g.w.Shape[2:] {
		if size != 1 || g.attrs.Pad[i] != 0 {
			return g, false
		}
		ok = ok || g.attrs.Stride[i] > 1
	}
	dense = g
	dense.x.Shape = append([]int{g.x.Shape[0], g.x.Shape[1]}, g.y.Shape[2:]...)
	dense.attrs.Stride = make([]int, len(g.attrs.Stride))
	for i := range dense.attrs.Stride {
		dense.attrs.Stride[i] = 1
	}
	return dense, ok
}

// stemChannels is the largest number of input channels, as they come from
// clips, for which the library has code from the plain layout to blocks.
const stemChannels = 3

// worthTurning is the number of products for each input element above which
// blocks, about a tenth faster in float32, repay a change of layout.
const worthTurning = 512

// ways are those to try, best first. have is how x lies. A network that has
// left the blocks, since its channels do not fill them, only comes back for
// heavy convolutions.
func (g convolution) ways(have layout, elem ckernel.Elem) []way {
	plain, last, block := layout{rowMajor, elem}, layout{channelsLast, elem}, layout{blocked, elem}
	c, k, taps := g.x.Shape[1], g.w.Shape[0], 1
	for _, size := range g.w.Shape[2:] {
		taps *= size
	}
	var ways []way
	switch {
	case g.attrs.Groups > 1, elem == ckernel.BFloat16 && g.factorised():
	case c <= stemChannels && blocks(k):
		ways = append(ways, way{plain, block})
	case blocks(c) && blocks(k) && (have.order != channelsLast || elem == ckernel.Float32 && k*taps >= worthTurning):
		ways = append(ways, way{block, block})
	}
	ways = append(ways, way{last, last})
	if elem == ckernel.Float32 {
		// Where the library has only plain loops for channels last, it may
		// still have matrix products for plain.
		ways = append(ways, way{plain, plain})
	}
	return ways
}

// factorised tells whether a 3-D kernel reaches in time or in space alone. In
// bfloat16 the library multiplies kernels in time a fifth faster channels last
// than in blocks, and the spatial ones between them as fast.
func (g convolution) factorised() bool {
	k := g.w.Shape[2:]
	return len(k) == 3 && (k[0] > 1) != (k[1]*k[2] > 1)
}

// chooseConv makes the first convolution that the library has code for; ok is
// false where it has none but reference loops. Without code for bfloat16
// float32 is tried.
func (f *fast) chooseConv(g convolution, d onednn.Direction, have layout, elem ckernel.Elem) (c chosenConv, ok bool, err error) {
	if spatial := len(g.x.Shape) - 2; spatial < 1 || spatial > 3 {
		return c, false, nil
	}
	if dense, ok := g.sampled(); ok {
		c, ok, err := f.chooseConv(dense, d, have, elem)
		if ok && c.x.order != rowMajor {
			pool := poolOf(g.x, g.y, device.PoolAttrs{Stride: g.attrs.Stride}, c.x)
			c.picked = &picked{pool, (c.x.bytes(dense.x) + 63) / 64 * 64}
			return c, true, nil
		}
		if err != nil {
			return c, false, err
		}
	}
	for _, w := range g.ways(have, elem) {
		made, err := f.library.Conv(g.describe(d, w))
		switch {
		case errors.Is(err, onednn.ErrNoPrimitive):
			continue
		case err != nil:
			return c, false, fmt.Errorf("x %v, w %v, y %v: %w", g.x.Shape, g.w.Shape, g.y.Shape, err)
		case made.IsReference(), w.y.order == blocked && made.IsGEMM():
			continue
		}
		return chosenConv{Conv: made, way: w}, true, nil
	}
	if elem == ckernel.BFloat16 {
		return f.chooseConv(g, d, have, ckernel.Float32)
	}
	return c, false, nil
}

// libraryLayouts are the library's names of our orders.
var libraryLayouts = [...]onednn.Layout{rowMajor: onednn.Plain, channelsLast: onednn.ChannelsLast, blocked: onednn.Blocks16}

func (g convolution) describe(d onednn.Direction, w way) onednn.ConvDesc {
	a := g.attrs
	if w.x.order == blocked && g.x.Shape[1] == blockSize && g.w.Shape[0] == blockSize {
		// One block is channels last, for which the library has faster code.
		w.x.order, w.y.order = channelsLast, channelsLast
	}
	desc := onednn.ConvDesc{
		Direction: d, Spatial: len(g.x.Shape) - 2, InLayout: libraryLayouts[w.x.order], OutLayout: libraryLayouts[w.y.order],
		Groups: a.Groups, N: g.x.Shape[0], C: g.x.Shape[1], K: g.w.Shape[0],
		In: firstAxes(g.x.Shape[2:], 1), Kernel: firstAxes(g.w.Shape[2:], 1), Out: firstAxes(g.y.Shape[2:], 1),
		Stride: firstAxes(a.Stride, 1), Pad: firstAxes(a.Pad, 0), Dilation: firstAxes(a.Dilation, 1),
	}
	if w.y.elem == ckernel.BFloat16 {
		desc.Elem = onednn.BFloat16
	}
	return desc
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
