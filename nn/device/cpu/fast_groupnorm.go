package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// groupsIn describes a group norm of values of type t in a layout.
func (l layout) groupsIn(t device.Type, a device.GroupNormAttrs) ckernel.Groups {
	p := planesOf(t)
	g := ckernel.Groups{Elem: l.elem, N: p.n, Blocks: 1, Places: p.size, Channels: p.c, Groups: a.Groups, Eps: a.Eps}
	if l.order == blocked {
		g.Blocks, g.Channels = p.c/blockSize, blockSize
	}
	return g
}

// lowerGroupNorm: x, gamma, beta -> y.
func lowerGroupNorm(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.Out, in[0])
	g := keep.groupsIn(op.Out, op.Attrs.(device.GroupNormAttrs))
	return device.Lowered{In: []device.Layout{keep.device(), nil, nil}, Out: keep.device(), Saved: plainValues(op.Saved),
		Scratch: g.Scratch(), Reuse: 0, Kernel: func(a *device.Args) error {
			g := g
			g.Gamma, g.Beta, g.Mean, g.InvStd = a.In[1].Ptr, a.In[2].Ptr, a.Saved[0].Ptr, a.Saved[1].Ptr
			f.team.GroupNorm(g, a.In[0].Ptr, a.Out.Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}

// lowerGroupNormGrad: dy, x, gamma -> dx.
func lowerGroupNormGrad(f *fast, op device.OpDesc, in, _ []device.Value) (device.Lowered, bool, error) {
	keep := innerLayout(op.Out, in[1], in[0])
	g := keep.groupsIn(op.Out, op.Attrs.(device.GroupNormAttrs))
	return device.Lowered{In: []device.Layout{keep.device(), keep.device(), nil}, Out: keep.device(), Saved: plainValues(op.Saved),
		Scratch: g.Scratch(), Reuse: 0, Kernel: func(a *device.Args) error {
			g := g
			g.Gamma, g.Mean, g.InvStd = a.In[2].Ptr, a.Reads[0].Ptr, a.Reads[1].Ptr
			f.team.GroupNormGrad(g, a.In[0].Ptr, a.In[1].Ptr, a.Out.Ptr, a.Saved[0].Ptr, a.Saved[1].Ptr, a.Scratch.Ptr)
			return nil
		}}, true, nil
}
