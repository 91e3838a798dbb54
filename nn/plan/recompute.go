package plan

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/op"
)

// Values of operations that nn.Recompute marked are used by the forward pass and
// then dropped. What reads them late, gradients and operations that run again
// themselves, gets them from a second copy of the operation, which is added in
// front of the first late reader.

// late tells whether n reads values for the backward pass.
func late(n *gorgonia.Node) bool {
	o, ok := n.Op().(*op.Op)
	return ok && o.Backward()
}

// dropped tells whether late readers need n computed again.
func (b *builder) dropped(n *gorgonia.Node) bool {
	o, ok := n.Op().(*op.Op)
	return ok && o.Recomputed() && !b.outputs[n]
}

// operands are the inputs of an operation as it reads them.
func (b *builder) operands(o operation, again bool) ([]*value, error) {
	var in []*value
	for i, c := range o.in {
		v := b.values[c]
		if (again || late(o.node)) && b.dropped(c) && !o.desc.Kind.ShapeOnly(i) {
			l, err := b.repeat(b.operations[c])
			if err != nil {
				return nil, err
			}
			v = l.out
		}
		in = append(in, v)
	}
	return in, nil
}

// savedShare is how much smaller than an operation's value what it saved must be
// to be kept from the first time: statistics are, the indices of a pool are not.
const savedShare = 16

// reads are the saved values that n reads.
func (b *builder) reads(n *gorgonia.Node, again bool) ([]*value, error) {
	var saved []*value
	for _, r := range reads(n) {
		vs, from := b.saved[r], b.operations[r]
		if (again || late(n)) && b.dropped(from.result) && !small(vs, b.values[from.result]) {
			l, err := b.repeat(from)
			if err != nil {
				return nil, err
			}
			vs = l.saved
		}
		saved = append(saved, vs...)
	}
	return saved, nil
}

func small(saved []*value, out *value) bool {
	var bytes int64
	for _, v := range saved {
		bytes += v.block.bytes
	}
	return bytes*savedShare <= out.block.bytes
}

// repeat lowers an operation a second time, once for all late readers.
func (b *builder) repeat(o operation) (lowered, error) {
	if l, ok := b.second[o.result]; ok {
		return l, nil
	}
	l, err := b.operation(o, true)
	b.second[o.result] = l
	return l, err
}

// spareUpdates gives an operation that runs again other memory in place of the
// inputs that it would update a second time. Its results do not depend on what
// lies there (see op.Op.Updates).
func (b *builder) spareUpdates(n *gorgonia.Node, in []*value) {
	o, ok := n.Op().(*op.Op)
	if !ok || !b.o.Train {
		return
	}
	for _, i := range o.Updates() {
		in[i] = b.fresh(in[i].Value)
	}
}
