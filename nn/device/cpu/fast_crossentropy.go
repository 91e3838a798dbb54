package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerCrossEntropy: logits, targets -> loss. Exponentials are the vector
// kernels'; what is left is one number for each row, added up in float64.
func lowerCrossEntropy(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	n, m := op.In[0].Shape[0], op.In[0].Shape[1]
	smoothing := op.Attrs.(device.CrossEntropyAttrs).Smoothing
	l := device.Lowered{In: make([]device.Layout, 2), Saved: plainValues(op.Saved), Scratch: int64(4 * n), Reuse: -1}
	l.Kernel = func(a *device.Args) error {
		logits, targets, logSums := slice[float32](a.In[0]), slice[int32](a.In[1]), slice[float32](a.Scratch)
		if err := checkTargets(targets, m); err != nil {
			return err
		}
		f.team.LogSumExp(n, m, a.In[0].Ptr, a.Scratch.Ptr)
		f.team.Softmax(false, n, m, a.In[0].Ptr, a.Saved[0].Ptr)
		var loss float64
		for r, t := range targets {
			if t >= 0 {
				loss += surprise(float64(logSums[r]), logits[r*m:(r+1)*m], int(t), smoothing)
			}
		}
		slice[float32](a.Out)[0] = float32(loss / max(1, float64(countTargets(targets))))
		return nil
	}
	return l, true, nil
}

// lowerCrossEntropyGrad: dloss, logits (shape only), targets -> dlogits. Smoothed
// targets are left to pure Go.
func lowerCrossEntropyGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	n, m := op.Out.Shape[0], op.Out.Shape[1]
	l := device.Lowered{In: []device.Layout{nil, in[1].Layout, nil}, Reuse: -1, Kernel: func(a *device.Args) error {
		targets, out := slice[int32](a.In[2]), slice[float32](a.Out)
		factor := slice[float32](a.In[0])[0] / float32(max(1, countTargets(targets)))
		f.team.Elements(ckernel.Scale, ckernel.Float32, n*m, a.Reads[0].Ptr, a.Reads[0].Ptr, float64(factor), a.Out.Ptr)
		for r, t := range targets {
			if t < 0 {
				clear(out[r*m : (r+1)*m])
			} else {
				out[r*m+int(t)] -= factor
			}
		}
		return nil
	}}
	return l, op.Attrs.(device.CrossEntropyAttrs).Smoothing == 0, nil
}
