package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// takesBatchNorm leaves split statistics and too few values to pure Go, which
// refuses the latter in training and says so.
func takesBatchNorm(op device.OpDesc) bool {
	p := planesOf(op.Out)
	return op.Attrs.(device.BatchNormAttrs).Splits <= 1 && (!op.Train || p.n*p.size > 1)
}

// Fuses tells whether a batch norm with a residual or a ReLU is taken.
func (f *fast) Fuses(op device.OpDesc) bool {
	return single(op) && !empty(op) && takesBatchNorm(op)
}

// lowerBatchNorm: x, gamma, beta, running mean, running variance and maybe a
// residual -> y.
func lowerBatchNorm(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.BatchNormAttrs)
	if !takesBatchNorm(op) {
		return device.Lowered{}, false, nil
	}
	keep := innerLayout(op.Out, in[0])
	rows := keep.rows(op.Out)
	l := device.Lowered{In: make([]device.Layout, len(op.In)), Out: keep.device(), Scratch: rows.Scratch(), Reuse: 0}
	l.In[0] = keep.device()
	if attrs.Residual {
		l.In[5] = keep.device()
	}
	l.Saved = plainValues(op.Saved)
	l.Kernel = func(a *device.Args) error {
		n := ckernel.Norm{Train: op.Train, ReLU: attrs.ReLU, Eps: attrs.Eps, Momentum: attrs.Momentum,
			Gamma: a.In[1].Ptr, Beta: a.In[2].Ptr, RunningMean: a.In[3].Ptr, RunningVar: a.In[4].Ptr,
			Mean: a.Saved[0].Ptr, InvStd: a.Saved[1].Ptr}
		if attrs.Residual {
			n.Residual = a.In[5].Ptr
		}
		f.team.BatchNorm(rows, n, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		return nil
	}
	return l, true, nil
}

// lowerBatchNormGrad: dy, x, gamma and maybe the output of a ReLU -> dx.
func lowerBatchNormGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.BatchNormAttrs)
	if !takesBatchNorm(op) {
		return device.Lowered{}, false, nil
	}
	keep := innerLayout(op.Out, in[1], in[0])
	rows := keep.rows(op.Out)
	l := device.Lowered{In: []device.Layout{keep.device(), keep.device(), nil}, Out: keep.device(), Scratch: rows.Scratch(), Reuse: 0}
	if attrs.ReLU {
		l.In = append(l.In, keep.device())
	}
	l.Saved = plainValues(op.Saved)
	l.Kernel = func(a *device.Args) error {
		n := ckernel.NormGrad{Train: op.Train, Gamma: a.In[2].Ptr, Mean: a.Reads[0].Ptr, InvStd: a.Reads[1].Ptr,
			DGamma: a.Saved[0].Ptr, DBeta: a.Saved[1].Ptr}
		if attrs.ReLU {
			n.Gate = a.In[3].Ptr
		}
		f.team.BatchNormGrad(rows, n, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		return nil
	}
	return l, true, nil
}

func plainValues(types []device.Type) []device.Value {
	var v []device.Value
	for _, t := range types {
		v = append(v, device.Value{Type: t})
	}
	return v
}

// lowerAddBias: x, b -> x + b.
func lowerAddBias(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.Out, in[0])
	rows := keep.rows(op.Out)
	return device.Lowered{In: []device.Layout{keep.device(), nil}, Out: keep.device(), Scratch: rows.Scratch(), Reuse: 0,
		Kernel: func(a *device.Args) error {
			f.team.AddRow(rows, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}

// lowerSumToChannel: dy -> db.
func lowerSumToChannel(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.In[0], in[0])
	rows := keep.rows(op.In[0])
	return device.Lowered{In: []device.Layout{keep.device()}, Scratch: rows.Scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.SumRows(rows, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}
