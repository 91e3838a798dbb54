package cpu

import (
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// attending is an attention on C kernels.
type attending struct {
	attention
	kernel ckernel.Attention
	layout device.Layout // of q, k, v, y and their gradients
}

func (f *fast) attending(in []device.Type, op device.OpDesc) attending {
	g := attentionOf(in, op.Attrs.(device.AttentionAttrs))
	elem := f.elem(op)
	return attending{attention: g, layout: layout{elem: elem}.device(), kernel: ckernel.Attention{
		Elem: elem, Causal: g.Causal, N: g.n, LQ: g.lq, LK: g.lk, Heads: g.Heads, D: g.d, Biases: g.biases, Scale: g.Scale,
	}}
}

// content are the layouts of q, k and v, or of all in one, and of mask and bias.
func (g attending) content(inputs int) []device.Layout {
	ls := make([]device.Layout, inputs)
	for i := range g.parts() {
		ls[i] = g.layout
	}
	return ls
}

// parts is the number of operands that hold q, k and v.
func (g attending) parts() int {
	if g.Packed {
		return 1
	}
	return 3
}

// heads are q, k and v in memory.
func (g attending) heads(m []device.Mem) (q, k, v ckernel.Heads) {
	w := g.width()
	if !g.Packed {
		return ckernel.Heads{At: m[0].Ptr, Stride: w}, ckernel.Heads{At: m[1].Ptr, Stride: w}, ckernel.Heads{At: m[2].Ptr, Stride: w}
	}
	part := func(i int) ckernel.Heads {
		return ckernel.Heads{At: m[0].Ptr + uintptr(i*w*g.kernel.Elem.Size()), Stride: 3 * w}
	}
	return part(0), part(1), part(2)
}

// inputs reads q, k, v and mask and bias from operands, y and logs apart.
func (g attending) inputs(m []device.Mem, y, logs device.Mem) ckernel.AttentionInputs {
	in := ckernel.AttentionInputs{Y: ckernel.Heads{At: y.Ptr, Stride: g.width()}, Logs: logs.Ptr}
	in.Q, in.K, in.V = g.heads(m)
	next := g.parts()
	if g.Masked {
		in.Mask = m[next].Ptr
		next++
	}
	if g.Biased {
		in.Bias = m[next].Ptr
	}
	return in
}

// lowerAttention: q, k, v or all in one, mask, bias -> y.
func lowerAttention(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	g := f.attending(op.In, op)
	sgemm := f.library.SGEMM()
	return device.Lowered{In: g.content(len(op.In)), Out: g.layout, Saved: plainValues(op.Saved), Reuse: -1,
		Scratch: f.team.AttentionScratch(g.kernel, false), Kernel: func(a *device.Args) error {
			return f.team.Attention(g.kernel, sgemm, g.inputs(a.In, a.Out, a.Saved[0]), a.Scratch.Ptr)
		}}, true, nil
}

// lowerAttentionGrad: dy, y, then as above -> dq, or all in one.
func lowerAttentionGrad(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	g := f.attending(op.In[2:], op)
	sgemm := f.library.SGEMM()
	l := device.Lowered{In: append([]device.Layout{g.layout, g.layout}, g.content(len(op.In)-2)...), Out: g.layout, Reuse: -1,
		Saved: plainValues(op.Saved), Scratch: f.team.AttentionScratch(g.kernel, true)}
	for i := range g.parts() - 1 {
		l.Saved[i].Layout = g.layout
	}
	l.Kernel = func(a *device.Args) error {
		grads := ckernel.AttentionGrads{DY: ckernel.Heads{At: a.In[0].Ptr, Stride: g.width()}}
		grads.DQ, grads.DK, grads.DV = g.heads(append([]device.Mem{a.Out}, a.Saved...))
		if g.Biased {
			grads.DBias = a.Saved[len(a.Saved)-1].Ptr
		}
		return f.team.AttentionGrad(g.kernel, sgemm, g.inputs(a.In[2:], a.In[1], a.Reads[0]), grads, a.Scratch.Ptr)
	}
	return l, true, nil
}
