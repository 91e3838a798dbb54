package cpu

import (
	"slices"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// lowerElements: one or two operands of equal shape, in whatever layout they
// come; where they differ, in the last one's that is not plain. Broadcasting is left to pure Go.
func lowerElements(kind ckernel.Elementwise) lowering {
	return func(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
		n := int(op.Out.Elements())
		var keep layout
		for _, v := range in {
			if !slices.Equal(v.Type.Shape, op.Out.Shape) {
				return device.Lowered{}, false, nil
			}
			if v.Layout != nil {
				keep = layoutOf(v)
			}
		}
		var factor float64
		if a, ok := op.Attrs.(device.ScaleAttrs); ok {
			factor = a.Factor
		}
		l := device.Lowered{Out: keep.device(), Reuse: 0}
		for range in {
			l.In = append(l.In, keep.device())
		}
		l.Kernel = func(a *device.Args) error {
			first, last := a.In[0].Ptr, a.In[len(a.In)-1].Ptr
			f.team.Elements(kind, keep.elem, n, first, last, factor, a.Out.Ptr)
			return nil
		}
		return l, true, nil
	}
}

// lowerCopy keeps the layout.
func lowerCopy(_ *fast, _ device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	return copyLowered(in[0]), true, nil
}
