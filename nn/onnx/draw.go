package onnx

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// drawing is the network's graph at one choice of sizes.
type drawing struct {
	values []drawn // the inputs of the network, then what the output needs, in order of making
	output int     // index of the output
}

// drawn is one value of a drawing.
type drawn struct {
	kind  device.Kind // "" for a leaf
	attrs any
	in    []int // indices of its operands
	typ   device.Type
	name  string // of a leaf without data
	input bool   // a leaf that is an input of the network
	data  any    // of a constant leaf: a slice
}

// param tells whether the value is a parameter of the network.
func (d drawn) param() bool { return d.kind == "" && !d.input && d.data == nil }

// same tells whether two values are made in the same way, whatever their sizes.
func (d drawn) same(e drawn) bool {
	return d.kind == e.kind && d.name == e.name && slices.Equal(d.in, e.in) && d.typ.DType == e.typ.DType &&
		len(d.typ.Shape) == len(e.typ.Shape)
}

// draw builds the network with the named axes at other sizes. Shapes that do
// not fit make nn and nn/op panic; here they are an answer, not a mistake.
func (n Network) draw(sizes map[string]int) (d *drawing, err error) {
	defer func() {
		if r := recover(); r != nil {
			d, err = nil, fmt.Errorf("%v", r)
		}
	}()
	g, outline := gorgonia.NewGraph(), nn.NewOutline(device.Float32)
	var in []*gorgonia.Node
	for _, input := range n.Inputs {
		in = append(in, nn.Input(g, input.Name, input.DType, input.shape(sizes)...))
	}
	out := n.Build(nn.NewScope(g, outline, 0), in)
	if err := outline.Err(); err != nil {
		return nil, err
	}
	return record(in, out)
}

// shape is the input's, with some axes at other sizes.
func (in Input) shape(sizes map[string]int) []int {
	shape := make([]int, len(in.Axes))
	for i, a := range in.Axes {
		shape[i] = a.Size
		if size, changed := sizes[a.Name]; changed {
			shape[i] = size
		}
	}
	return shape
}

// record lists what the output needs. Operands are always older than what uses
// them, so that the order of making is one of computing.
func record(in []*gorgonia.Node, out *gorgonia.Node) (*drawing, error) {
	at := map[*gorgonia.Node]int{}
	for i, n := range in {
		at[n] = i
	}
	needed := needs(out, at)
	slices.SortFunc(needed, func(a, b *gorgonia.Node) int { return cmp.Compare(a.ID(), b.ID()) })
	nodes := append(slices.Clone(in), needed...)
	d := &drawing{}
	for i, n := range nodes {
		at[n] = i
		v, err := describe(n)
		if err != nil {
			return nil, err
		}
		v.input = i < len(in)
		for _, c := range op.Operands(n) {
			v.in = append(v.in, at[c])
		}
		d.values = append(d.values, v)
	}
	d.output = at[out]
	return d, nil
}

// needs collects the nodes behind out that are not known.
func needs(out *gorgonia.Node, known map[*gorgonia.Node]int) []*gorgonia.Node {
	seen := map[*gorgonia.Node]bool{}
	var found []*gorgonia.Node
	for stack := []*gorgonia.Node{out}; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if _, given := known[n]; given || seen[n] {
			continue
		}
		seen[n] = true
		found = append(found, n)
		stack = append(stack, op.Operands(n)...)
	}
	return found
}

func describe(n *gorgonia.Node) (drawn, error) {
	v := drawn{typ: op.TypeOf(n)}
	switch o := n.Op().(type) {
	case nil:
		if n.Value() != nil {
			v.data = n.Value().Data()
		} else {
			v.name = n.Name()
		}
	case *op.Op:
		if len(o.Reads()) > 0 {
			return v, fmt.Errorf("operation %s reads what another one saved: want a graph without gradients", o.Kind())
		}
		v.kind, v.attrs = o.Kind(), o.Desc(false).Attrs
	default:
		return v, fmt.Errorf("operation %T of Gorgonia: build graphs with nn and nn/op alone", o)
	}
	return v, nil
}

var errOtherOperations = errors.New("another size makes a network of other operations")

// compare says how another drawing differs beyond sizes; nil where it does not.
func (d *drawing) compare(other *drawing) error {
	if len(d.values) != len(other.values) || d.output != other.output {
		return errOtherOperations
	}
	for i, v := range d.values {
		w := other.values[i]
		switch {
		case !v.same(w):
			return errOtherOperations
		case v.param() && !slices.Equal(v.typ.Shape, w.typ.Shape):
			return fmt.Errorf("parameter %s has shape %v, and at another size %v", v.name, v.typ.Shape, w.typ.Shape)
		case v.data != nil && !reflect.DeepEqual(v.data, w.data):
			return fmt.Errorf("a table of shape %v differs at another size", v.typ.Shape)
		}
	}
	return nil
}
