package op

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// AttentionOptions are the settings of an attention; the zero value but Heads
// is that of Vaswani et al. (arXiv:1706.03762).
type AttentionOptions struct {
	Heads  int            // divides the width
	Scale  float64        // of the products q·k; 0: 1/sqrt(head size)
	Causal bool           // queries see no later key
	Mask   *gorgonia.Node // (N,Lk), 0 hides a key; no gradient; nil: all are seen
	Bias   *gorgonia.Node // (heads or N·heads,Lq,Lk), added to the scaled products; nil: none
}

// Attention lets queries q (N,Lq,D) look into keys k (N,Lk,D) and values v
// (N,Lk,D): softmax(scale·q·kᵀ + bias)·v by head, (N,Lq,D). A query that no
// key is visible to gives 0. Products of all pairs are never kept; the
// gradient computes them again (Dao et al., arXiv:2205.14135).
func Attention(q, k, v *gorgonia.Node, o AttentionOptions) *gorgonia.Node {
	checkRank(q, device.Attention, "q", 3)
	checkRank(k, device.Attention, "k", 3)
	checkSame(k, v, device.Attention)
	sq, sk := q.Shape(), k.Shape()
	check(sq[0] == sk[0] && sq[2] == sk[2] && q.Dtype() == k.Dtype(), device.Attention,
		"q %v %v for k %v %v", q.Dtype(), sq, k.Dtype(), sk)
	return o.attend(attended{in: gorgonia.Nodes{q, k, v}, n: sq[0], lq: sq[1], lk: sk[1], width: sq[2]})
}

// SelfAttention is Attention of x's own q, k and v, which lie side by side in
// qkv (N,L,3D), as a linear layer gives them: (N,L,D).
func SelfAttention(qkv *gorgonia.Node, o AttentionOptions) *gorgonia.Node {
	checkRank(qkv, device.Attention, "qkv", 3)
	s := qkv.Shape()
	check(s[2]%3 == 0, device.Attention, "qkv has width %d, want 3 times that of the heads", s[2])
	return o.attend(attended{in: gorgonia.Nodes{qkv}, n: s[0], lq: s[1], lk: s[1], width: s[2] / 3})
}

// attended are the inputs of an attention with their sizes.
type attended struct {
	in               gorgonia.Nodes // q, k and v, or all in one
	n, lq, lk, width int
}

func (o AttentionOptions) attend(x attended) *gorgonia.Node {
	o.check(x)
	a := o.attrs(x)
	content := len(x.in)
	in, wrt := x.in, trueFor(content)
	if o.Mask != nil {
		in, wrt = append(in, o.Mask), append(wrt, false)
	}
	if o.Bias != nil {
		in, wrt = append(in, o.Bias), append(wrt, true)
	}
	n := &Op{kind: device.Attention, attrs: a, out: like(in[0], x.n, x.lq, x.width), wrt: wrt,
		saved: []device.Type{like(in[0], x.n, o.Heads, x.lq)}}
	n.grad = func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes {
		return attentionGrad(in, out, dout, a, content)
	}
	return n.apply(in...)
}

// attentionGrad is one node, of which the gradients but the first are picked.
func attentionGrad(in gorgonia.Nodes, out, dout *gorgonia.Node, a device.AttentionAttrs, content int) gorgonia.Nodes {
	g := &Op{kind: device.AttentionGrad, attrs: a, out: TypeOf(in[0]), reads: []*gorgonia.Node{out}}
	for _, n := range in[1:content] {
		g.saved = append(g.saved, TypeOf(n))
	}
	if a.Biased {
		g.saved = append(g.saved, TypeOf(in[len(in)-1]))
	}
	first := g.apply(append(gorgonia.Nodes{dout, out}, in...)...)
	grads := gorgonia.Nodes{first}
	for i := range content - 1 {
		grads = append(grads, pick(first, g.saved[i], i))
	}
	if a.Masked {
		grads = append(grads, nil)
	}
	if a.Biased {
		grads = append(grads, pick(first, g.saved[content-1], content-1))
	}
	return grads
}

func (o AttentionOptions) check(x attended) {
	check(o.Heads > 0 && x.width%o.Heads == 0, device.Attention, "%d heads for width %d", o.Heads, x.width)
	if o.Mask != nil {
		m := o.Mask.Shape()
		check(len(m) == 2 && m[0] == x.n && m[1] == x.lk && o.Mask.Dtype() == x.in[0].Dtype(), device.Attention,
			"mask %v %v for %d samples of %d keys in %v", o.Mask.Dtype(), m, x.n, x.lk, x.in[0].Dtype())
	}
	if o.Bias != nil {
		b := o.Bias.Shape()
		check(len(b) == 3 && (b[0] == o.Heads || b[0] == x.n*o.Heads) && b[1] == x.lq && b[2] == x.lk &&
			o.Bias.Dtype() == x.in[0].Dtype(), device.Attention,
			"bias %v %v for %d samples, %d heads, %d queries and %d keys", o.Bias.Dtype(), b, x.n, o.Heads, x.lq, x.lk)
	}
}

func (o AttentionOptions) attrs(x attended) device.AttentionAttrs {
	scale := o.Scale
	if scale == 0 {
		scale = headScale(x.width / o.Heads)
	}
	return device.AttentionAttrs{Heads: o.Heads, Scale: scale, Causal: o.Causal,
		Packed: len(x.in) == 1, Masked: o.Mask != nil, Biased: o.Bias != nil}
}

// headScale keeps the variance of products of unit normals at 1.
func headScale(size int) float64 { return 1 / math.Sqrt(float64(size)) }
