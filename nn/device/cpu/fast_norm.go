package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerBatchNorm: x, gamma, beta, running mean, running variance -> y. The
// pure-Go kernel refuses too few values for training, and says so.
func lowerBatchNorm(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	rows, attrs, keep := rowsOf(op.Out), op.Attrs.(device.BatchNormAttrs), activationLayout(op.Out)
	if op.Train && rows.Rows < 2 || attrs.Splits > 1 {
		return device.Lowered{}, false, nil
	}
	l := device.Lowered{In: []device.Layout{keep, nil, nil, nil, nil}, Out: keep, Scratch: rows.Scratch(), Reuse: 0}
	l.Saved = plainValues(op.Saved)
	l.Kernel = func(a *device.Args) error {
		n := ckernel.Norm{Train: op.Train, Eps: attrs.Eps, Momentum: attrs.Momentum,
			Gamma: a.In[1].Ptr, Beta: a.In[2].Ptr, RunningMean: a.In[3].Ptr, RunningVar: a.In[4].Ptr,
			Mean: a.Saved[0].Ptr, InvStd: a.Saved[1].Ptr}
		f.team.BatchNorm(rows, n, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
		return nil
	}
	return l, true, nil
}

// lowerBatchNormGrad: dy, x, gamma -> dx.
func lowerBatchNormGrad(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	rows, keep := rowsOf(op.Out), activationLayout(op.Out)
	if op.Attrs.(device.BatchNormAttrs).Splits > 1 {
		return device.Lowered{}, false, nil
	}
	l := device.Lowered{In: []device.Layout{keep, keep, nil}, Out: keep, Scratch: rows.Scratch(), Reuse: 0}
	l.Saved = plainValues(op.Saved)
	l.Kernel = func(a *device.Args) error {
		n := ckernel.NormGrad{Train: op.Train, Gamma: a.In[2].Ptr, Mean: a.Reads[0].Ptr, InvStd: a.Reads[1].Ptr,
			DGamma: a.Saved[0].Ptr, DBeta: a.Saved[1].Ptr}
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
func lowerAddBias(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	rows, keep := rowsOf(op.Out), activationLayout(op.Out)
	return device.Lowered{In: []device.Layout{keep, nil}, Out: keep, Scratch: rows.Scratch(), Reuse: 0,
		Kernel: func(a *device.Args) error {
			f.team.AddRow(rows, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}

// lowerSumToChannel: dy -> db.
func lowerSumToChannel(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	rows := rowsOf(op.In[0])
	return device.Lowered{In: []device.Layout{activationLayout(op.In[0])}, Scratch: rows.Scratch(), Reuse: -1,
		Kernel: func(a *device.Args) error {
			f.team.SumRows(rows, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}
