// Package op holds the differentiable operations of clvid, one file each: a
// function that adds a node to a Gorgonia graph, its shape rule and its
// gradient, which is made of operations again. No device code is here; the
// planner (nn/plan) asks each node's Op for its device.OpDesc.
//
// The functions panic when shapes or types do not fit, as a wrong model is a
// programmer's error; messages name the operation and the shapes.
package op

import (
	"fmt"
	"hash"
	"sync/atomic"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/clvid/clvid/nn/device"
)

// gradient returns the gradient of each input, nil where there is none.
type gradient func(in gorgonia.Nodes, out, dout *gorgonia.Node) gorgonia.Nodes

// Op is one operation of a graph: what Gorgonia needs for types, shapes and
// symbolic gradients, and what the planner needs to lower it. Ops are pure
// and made anew for every node; they cannot run by themselves.
type Op struct {
	id    uint32
	kind  device.Kind
	attrs any
	in    []device.Type
	out   device.Type
	saved []device.Type
	reads []*gorgonia.Node // forward nodes whose saved values are read
	wrt   []bool           // which inputs get a gradient; nil: none
	grad  gradient

	backward   bool // part of a gradient
	recomputed bool // its value may be computed a second time
}

var (
	_ gorgonia.Op   = (*Op)(nil)
	_ gorgonia.SDOp = (*Op)(nil)
)

// lastID numbers operations. Gorgonia merges nodes of equal hash without
// looking at their inputs, so that every operation must hash differently.
var lastID atomic.Uint32

// apply adds the operation to the graph of its inputs.
func (o *Op) apply(in ...*gorgonia.Node) *gorgonia.Node {
	o.id = lastID.Add(1)
	for _, n := range in {
		o.in = append(o.in, TypeOf(n))
	}
	n, err := gorgonia.ApplyOp(o, in...)
	if err != nil {
		panic(fmt.Sprintf("op: %s of %v: %v", o.kind, shapes(in), err))
	}
	return n
}

// Desc describes the operation for a back end. Reads is left to the planner,
// which knows the values that the read nodes saved.
func (o *Op) Desc(train bool) device.OpDesc {
	train = train && !o.frozen()
	return device.OpDesc{Kind: o.kind, Attrs: o.attrs, In: o.in, Out: o.out, Saved: o.saved, Train: train}
}

// Kind is the operation's kind.
func (o *Op) Kind() device.Kind { return o.kind }

// Reads are the nodes whose saved values this operation reads, all of them
// in order.
func (o *Op) Reads() []*gorgonia.Node { return o.reads }

// Updates are the inputs that the operation writes in place when training:
// the running statistics of BatchNorm. Its results do not depend on them.
func (o *Op) Updates() []int {
	if o.kind == device.BatchNorm && !o.frozen() {
		return []int{runningMean, runningVariance}
	}
	return nil
}

// Arity is the number of inputs.
func (o *Op) Arity() int { return len(o.in) }

// Type is the operation's function type, from the inputs' to the output's.
func (o *Op) Type() hm.Type {
	var ts []hm.Type
	for _, t := range o.in {
		ts = append(ts, nodeType(t))
	}
	return hm.NewFnType(append(ts, nodeType(o.out))...)
}

// InferShape returns the output's shape, found when the node was made.
func (o *Op) InferShape(...gorgonia.DimSizer) (tensor.Shape, error) {
	return tensor.Shape(o.out.Shape).Clone(), nil
}

// DiffWRT tells which inputs get a gradient.
func (o *Op) DiffWRT(inputs int) []bool {
	if o.wrt == nil {
		return make([]bool, inputs)
	}
	return o.wrt
}

// SymDiff builds the gradients of the inputs.
func (o *Op) SymDiff(in gorgonia.Nodes, out, dout *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.grad == nil {
		return nil, fmt.Errorf("op: %s has no gradient", o.kind)
	}
	before := len(out.Graph().AllNodes())
	grads := o.grad(in, out, dout)
	for _, n := range out.Graph().AllNodes()[before:] {
		if d, ok := n.Op().(*Op); ok {
			d.backward = true
		}
	}
	return grads, nil
}

// Do fails: operations run in compiled plans (nn/plan) only.
func (o *Op) Do(...gorgonia.Value) (gorgonia.Value, error) {
	return nil, fmt.Errorf("op: %s runs only in a compiled plan: use nn/plan, not a Gorgonia machine", o.kind)
}

// ReturnsPtr is false: values belong to the plan.
func (o *Op) ReturnsPtr() bool { return false }

// CallsExtern is false: Gorgonia never runs the operation.
func (o *Op) CallsExtern() bool { return false }

// OverwritesInput is -1: reuse of memory is the planner's.
func (o *Op) OverwritesInput() int { return -1 }

// WriteHash writes the operation's identity.
func (o *Op) WriteHash(h hash.Hash) { fmt.Fprintf(h, "clvid op %d", o.id) }

// Hashcode is the operation's number, unlike any other's.
func (o *Op) Hashcode() uint32 { return o.id }

// String is the kind, and which function where a kind has many.
func (o *Op) String() string {
	switch a := o.attrs.(type) {
	case device.UnaryAttrs:
		return string(o.kind) + " " + string(a.Func)
	case device.ReduceAttrs:
		return string(o.kind) + " " + string(a.Func)
	}
	return string(o.kind)
}
