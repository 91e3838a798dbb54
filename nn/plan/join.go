package plan

import (
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// operation is a node to lower: its description and operands, and the value
// that it computes, which is another node's where operations were joined.
type operation struct {
	node    *gorgonia.Node // whose saved values and in-place updates these are
	desc    device.OpDesc
	in      []*gorgonia.Node
	result  *gorgonia.Node
	skipped []*gorgonia.Node // nodes that are computed within
}

// joiner finds operations that one kernel can do in one pass over memory.
type joiner struct {
	fuser device.Fuser
	train bool
	uses  map[*gorgonia.Node]int
}

// joinable lists the operations of nodes in order, joined where the back end
// has kernels for it and nothing else needs the values between.
func joinable(be device.Backend, train bool, nodes, outputs []*gorgonia.Node) ([]operation, error) {
	j := joiner{train: train, uses: map[*gorgonia.Node]int{}}
	j.fuser, _ = be.(device.Fuser)
	for _, n := range outputs {
		j.uses[n]++
	}
	for _, n := range nodes {
		for _, c := range op.Operands(n) {
			j.uses[c]++
		}
	}
	all := map[*gorgonia.Node]operation{}
	within := map[*gorgonia.Node]bool{}
	for _, n := range nodes {
		if n.Op() == nil {
			continue
		}
		o, err := j.operation(n)
		if err != nil {
			return nil, err
		}
		all[n] = o
		for _, s := range o.skipped {
			within[s] = true
		}
	}
	var list []operation
	for _, n := range nodes {
		if o, ok := all[n]; ok && !within[n] {
			list = append(list, o)
		}
	}
	return list, nil
}

// operation is n with what can be joined to it.
func (j joiner) operation(n *gorgonia.Node) (operation, error) {
	d, err := describe(n, j.train)
	if err != nil {
		return operation{}, err
	}
	if j.fuser != nil {
		for _, join := range []func(*gorgonia.Node, device.OpDesc) (operation, bool){j.normThenReLU, j.reluGradThenNorm} {
			if o, ok := join(n, d); ok && j.fuser.Fuses(o.desc) {
				return o, nil
			}
		}
	}
	return operation{node: n, desc: d, in: op.Operands(n), result: n}, nil
}

// passing is n's operation, if that is of a kind and n serves nothing else.
func (j joiner) passing(n *gorgonia.Node, k device.Kind) bool {
	o, ok := n.Op().(*op.Op)
	return ok && o.Kind() == k && j.uses[n] == 1
}

// normThenReLU joins ReLU(BatchNorm(x)) and ReLU(BatchNorm(x) + residual).
func (j joiner) normThenReLU(n *gorgonia.Node, d device.OpDesc) (operation, bool) {
	if d.Kind != device.ReLU {
		return operation{}, false
	}
	last := op.Operands(n)[0]
	if j.passing(last, device.BatchNorm) {
		return j.joinNorm(n, last, nil)
	}
	if !j.passing(last, device.Add) {
		return operation{}, false
	}
	terms := op.Operands(last)
	if !slices.Equal(terms[0].Shape(), terms[1].Shape()) || terms[0] == terms[1] {
		return operation{}, false
	}
	for i, norm := range terms {
		if j.passing(norm, device.BatchNorm) {
			o, ok := j.joinNorm(n, norm, terms[1-i])
			o.skipped = append(o.skipped, last)
			return o, ok
		}
	}
	return operation{}, false
}

func (j joiner) joinNorm(n, norm, residual *gorgonia.Node) (operation, bool) {
	d, err := describe(norm, j.train)
	if err != nil {
		return operation{}, false
	}
	attrs := d.Attrs.(device.BatchNormAttrs)
	attrs.ReLU = true
	in := op.Operands(norm)
	if residual != nil {
		attrs.Residual = true
		in = append(in, residual)
		d.In = append(slices.Clone(d.In), d.Out)
	}
	d.Attrs = attrs
	return operation{node: norm, desc: d, in: in, result: n, skipped: []*gorgonia.Node{norm}}, true
}

// reluGradThenNorm joins BatchNormGrad(ReLUGrad(dy, y), x, gamma).
func (j joiner) reluGradThenNorm(n *gorgonia.Node, d device.OpDesc) (operation, bool) {
	if d.Kind != device.BatchNormGrad {
		return operation{}, false
	}
	in := op.Operands(n)
	if !j.passing(in[0], device.ReLUGrad) {
		return operation{}, false
	}
	cut := op.Operands(in[0]) // dy, y
	attrs := d.Attrs.(device.BatchNormAttrs)
	attrs.ReLU = true
	d.Attrs = attrs
	d.In = append(slices.Clone(d.In), d.Out)
	return operation{node: n, desc: d, in: []*gorgonia.Node{cut[0], in[1], in[2], cut[1]}, result: n, skipped: in[:1]}, true
}
