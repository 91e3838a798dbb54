package cpu

import (
	"errors"
	"fmt"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
	"github.com/clvid/clvid/nn/device/cpu/internal/onednn"
)

// product is one of a linear layer's three, chosen for a precision.
type product struct {
	elem    ckernel.Elem
	conv    *onednn.Conv // in bfloat16
	scratch int64
}

// layout is that of the activations.
func (p product) layout() device.Layout { return layout{elem: p.elem}.device() }

// linearProduct chooses the library's code. In bfloat16 a linear layer is a
// convolution of kernel 1 over its rows with channels innermost, for which the
// library turns float32 weights and leaves their gradient in float32. Features
// (N,D) stay in float32, as heads give them to losses.
func (f *fast) linearProduct(op device.OpDesc, l linear, d onednn.Direction) (product, error) {
	if f.elem(op) == ckernel.Float32 || len(op.In[0].Shape) == 2 {
		return product{}, nil
	}
	one := [3]int{1, 1, 1}
	c, err := f.library.Conv(onednn.ConvDesc{Direction: d, Spatial: 1, InLayout: onednn.ChannelsLast, OutLayout: onednn.ChannelsLast,
		Elem: onednn.BFloat16, Groups: 1, N: 1, C: l.in, K: l.out, In: [3]int{l.rows, 1, 1}, Out: [3]int{l.rows, 1, 1},
		Kernel: one, Stride: one, Dilation: one})
	switch {
	case errors.Is(err, onednn.ErrNoPrimitive):
		return product{}, nil
	case err != nil:
		return product{}, fmt.Errorf("%d rows of %d to %d: %w", l.rows, l.in, l.out, err)
	case c.IsReference():
		return product{}, nil
	}
	return product{elem: ckernel.BFloat16, conv: c, scratch: c.Scratch}, nil
}

// run computes the convolution, or p in float32.
func (f *fast) run(c product, p matMul, x, y, z device.Mem, src, weights, dst device.Mem, scratch device.Mem) error {
	if c.conv != nil {
		return c.conv.Run(src.Ptr, weights.Ptr, dst.Ptr, scratch.Ptr)
	}
	return f.library.MatMul(p.TransA, p.TransB, p.m, p.n, p.k, x.Ptr, y.Ptr, z.Ptr)
}

// lowerLinear: x, w[, b] -> y.
func lowerLinear(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	l := linearOf(op.In[0], op.Out)
	c, err := f.linearProduct(op, l, onednn.Forward)
	if err != nil {
		return device.Lowered{}, false, err
	}
	rows := ckernel.Rows{Outer: 1, Blocks: 1, Places: l.rows, Channels: l.out, Elem: c.elem}
	low := device.Lowered{In: make([]device.Layout, len(op.In)), Out: c.layout(), Scratch: c.scratch, Reuse: -1}
	low.In[0] = c.layout()
	if len(op.In) == 3 {
		low.Scratch = max(low.Scratch, rows.Scratch())
	}
	low.Kernel = func(a *device.Args) error {
		x, w, y := a.In[0], a.In[1], a.Out
		if err := f.run(c, l.forward(), x, w, y, x, w, y, a.Scratch); err != nil || len(a.In) == 2 {
			return err
		}
		f.team.AddRow(rows, y.Ptr, a.In[2].Ptr, y.Ptr, a.Scratch.Ptr)
		return nil
	}
	return low, true, nil
}

// lowerLinearGradInput: dy, w -> dx.
func lowerLinearGradInput(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	l := linearOf(op.Out, op.In[0])
	c, err := f.linearProduct(op, l, onednn.GradInput)
	if err != nil {
		return device.Lowered{}, false, err
	}
	return device.Lowered{In: []device.Layout{c.layout(), nil}, Out: c.layout(), Scratch: c.scratch, Reuse: -1,
		Kernel: func(a *device.Args) error {
			dy, w, dx := a.In[0], a.In[1], a.Out
			return f.run(c, l.gradInput(), dy, w, dx, dx, w, dy, a.Scratch)
		}}, true, nil
}

// lowerLinearGradWeight: x, dy -> dw = dyᵀ·x.
func lowerLinearGradWeight(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	l := linearOf(op.In[0], op.In[1])
	c, err := f.linearProduct(op, l, onednn.GradWeight)
	if err != nil {
		return device.Lowered{}, false, err
	}
	return device.Lowered{In: []device.Layout{c.layout(), c.layout()}, Scratch: c.scratch, Reuse: -1,
		Kernel: func(a *device.Args) error {
			x, dy, dw := a.In[0], a.In[1], a.Out
			return f.run(c, l.gradWeight(), dy, x, dw, x, dw, dy, a.Scratch)
		}}, true, nil
}
