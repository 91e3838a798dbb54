package cpu

import (
	"fmt"

	"github.com/clvid/clvid/nn/device"
)

// goKernel is a pure-Go kernel for plain layouts.
type goKernel struct {
	scratch int64 // bytes
	reuse   bool  // the output may overwrite input 0
	run     device.Kernel
}

// lowerGo chooses the pure-Go kernel of an operation.
func lowerGo(op device.OpDesc, reads []device.Value, threads int) (device.Lowered, error) {
	for i, r := range reads {
		if r.Layout != nil {
			return device.Lowered{}, fmt.Errorf("cpu: lower %s: saved value %d has layout %v, the pure-Go kernel reads plain ones", op.Kind, i, r.Layout)
		}
	}
	k, err := buildGo(op, threads)
	if err != nil {
		return device.Lowered{}, fmt.Errorf("cpu: lower %s: %w", op.Kind, err)
	}
	l := device.Lowered{In: make([]device.Layout, len(op.In)), Scratch: k.scratch, Reuse: -1, Kernel: k.run}
	if k.reuse {
		l.Reuse = 0
	}
	for _, s := range op.Saved {
		l.Saved = append(l.Saved, device.Value{Type: s})
	}
	return l, nil
}

func usesFloat64(op device.OpDesc) bool {
	if op.Out.DType == device.Float64 {
		return true
	}
	for _, t := range op.In {
		if t.DType == device.Float64 {
			return true
		}
	}
	return false
}

// copyLowered copies a value within its layout.
func copyLowered(v device.Value) device.Lowered {
	return device.Lowered{In: []device.Layout{v.Layout}, Out: v.Layout, Reuse: 0, Kernel: copyBytes}
}

func copyBytes(a *device.Args) error {
	copy(bytesOf(a.Out), bytesOf(a.In[0]))
	return nil
}
