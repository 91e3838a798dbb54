package onnx

import (
	"fmt"
	"reflect"

	"github.com/clvid/clvid/nn/device"
)

// value is a value of the file.
type value struct {
	name  string
	dtype device.DType
	dims  []sizes
}

// operation is what a translator translates.
type operation struct {
	kind  device.Kind
	attrs []any // by drawing
	in    []*value
	out   value // its name is the translator's to give
}

// names are those of the operands.
func (o operation) names() []string {
	names := make([]string, len(o.in))
	for i, v := range o.in {
		names[i] = v.name
	}
	return names
}

// attrsOf are the attributes where they are the same at all sizes.
func attrsOf[T any](o operation) (T, error) {
	first, ok := o.attrs[0].(T)
	if !ok {
		return first, fmt.Errorf("attributes are %T, want %T", o.attrs[0], first)
	}
	for _, a := range o.attrs[1:] {
		if !reflect.DeepEqual(a, o.attrs[0]) {
			return first, fmt.Errorf("its settings %+v are %+v at another size", o.attrs[0], a)
		}
	}
	return first, nil
}

// translator emits nodes for an operation and returns the name of its value.
type translator func(e *emitter, o operation) (string, error)

// translate makes a graph of drawings of one network. What differs between
// them becomes arithmetic on shapes; what cannot is an error.
func (n Network) translate(drawings []*drawing, opset int) (*graph, error) {
	e := newEmitter(n.Name, opset)
	values := make([]*value, len(drawings[0].values))
	for i, d := range drawings[0].values {
		v := &value{name: d.name, dtype: d.typ.DType, dims: dimsOf(drawings, i)}
		var err error
		switch {
		case d.input:
			e.input(v, n.axisNames(i))
		case d.kind == "":
			v.name, err = e.leaf(d)
		default:
			o := operation{kind: d.kind, attrs: attrsAt(drawings, i), out: *v}
			for _, c := range d.in {
				o.in = append(o.in, values[c])
			}
			v.name, err = e.operation(o)
		}
		if err != nil {
			return nil, err
		}
		values[i] = v
		e.known = append(e.known, v)
	}
	e.output(values[drawings[0].output], n)
	e.graph.prune()
	return e.graph, nil
}

func (n Network) axisNames(input int) []string {
	var names []string
	for _, a := range n.Inputs[input].Axes {
		names = append(names, a.Name)
	}
	return names
}

func attrsAt(drawings []*drawing, i int) []any {
	var attrs []any
	for _, d := range drawings {
		attrs = append(attrs, d.values[i].attrs)
	}
	return attrs
}

func dimsOf(drawings []*drawing, i int) []sizes {
	dims := make([]sizes, len(drawings[0].values[i].typ.Shape))
	for a := range dims {
		for _, d := range drawings {
			dims[a] = append(dims[a], d.values[i].typ.Shape[a])
		}
	}
	return dims
}

// operation translates one operation by its kind.
func (e *emitter) operation(o operation) (string, error) {
	t, ok := translators[o.kind]
	if !ok {
		return "", fmt.Errorf("operation %s has no translation to ONNX", o.kind)
	}
	name, err := t(e, o)
	if err != nil {
		return "", fmt.Errorf("operation %s: %w", o.kind, err)
	}
	return name, nil
}
