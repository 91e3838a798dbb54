package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerLinear: x, w[, b] -> y.
func lowerLinear(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	l := linearOf(op.In[0], op.Out)
	rows := ckernel.Rows{Outer: 1, Blocks: 1, Places: l.rows, Channels: l.out}
	low := device.Lowered{In: make([]device.Layout, len(op.In)), Reuse: -1}
	if len(op.In) == 3 {
		low.Scratch = rows.Scratch()
	}
	low.Kernel = func(a *device.Args) error {
		if err := f.multiply(l.forward(), a.In[0], a.In[1], a.Out); err != nil || len(a.In) == 2 {
			return err
		}
		f.team.AddRow(rows, a.Out.Ptr, a.In[2].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		return nil
	}
	return low, true, nil
}

// lowerLinearGradInput: dy, w -> dx.
func lowerLinearGradInput(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	p := linearOf(op.Out, op.In[0]).gradInput()
	return device.Lowered{In: make([]device.Layout, 2), Reuse: -1, Kernel: func(a *device.Args) error {
		return f.multiply(p, a.In[0], a.In[1], a.Out)
	}}, true, nil
}

// lowerLinearGradWeight: x, dy -> dw = dyᵀ·x.
func lowerLinearGradWeight(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	p := linearOf(op.In[0], op.In[1]).gradWeight()
	return device.Lowered{In: make([]device.Layout, 2), Reuse: -1, Kernel: func(a *device.Args) error {
		return f.multiply(p, a.In[1], a.In[0], a.Out)
	}}, true, nil
}

func (f *fast) multiply(p matMul, x, y, z device.Mem) error {
	return f.library.MatMul(p.TransA, p.TransB, p.m, p.n, p.k, x.Ptr, y.Ptr, z.Ptr)
}

// lowerReduce: x -> sum over all axes but the last, as a bias' gradient is.
func lowerReduce(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	a := op.Attrs.(device.ReduceAttrs)
	kept := len(op.In[0].Shape) - 1
	if a.Func != device.ReduceSum || len(a.Axes) != kept || kept == 0 || a.Axes[kept-1] == kept {
		return device.Lowered{}, false, nil
	}
	l := linearOf(op.In[0], op.In[0])
	rows := ckernel.Rows{Outer: 1, Blocks: 1, Places: l.rows, Channels: l.out}
	return device.Lowered{In: make([]device.Layout, 1), Scratch: rows.Scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.SumRows(rows, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}
