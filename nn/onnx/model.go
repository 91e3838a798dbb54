package onnx

import (
	"fmt"
	"slices"
)

// elementType is ONNX's number of an element type.
type elementType int32

// The element types that exported networks use (TensorProto.DataType).
const (
	typeFloat elementType = 1
	typeInt32 elementType = 6
	typeInt64 elementType = 7
	typeBool  elementType = 9
)

// graph is a GraphProto: values have names, nodes stand in an order in which
// every input is known before it is used.
type graph struct {
	name         string
	nodes        []node
	initializers []tensor
	inputs       []valueInfo
	outputs      []valueInfo
}

// prune drops what the outputs do not need: sizes that were read in vain.
func (g *graph) prune() {
	needed := map[string]bool{}
	for _, v := range g.outputs {
		needed[v.name] = true
	}
	var kept []node
	for _, n := range slices.Backward(g.nodes) {
		if !slices.ContainsFunc(n.outputs, func(name string) bool { return needed[name] }) {
			continue
		}
		for _, name := range n.inputs {
			needed[name] = true
		}
		kept = append(kept, n)
	}
	slices.Reverse(kept)
	g.nodes = kept
	g.initializers = slices.DeleteFunc(g.initializers, func(t tensor) bool { return !needed[t.name] })
}

// node is a NodeProto.
type node struct {
	op      string
	name    string
	inputs  []string
	outputs []string
	attrs   []attr
}

// attr is an AttributeProto; value is an int64, float32, string, []int64 or
// []float32.
type attr struct {
	name  string
	value any
}

// tensor is a TensorProto. The data of a parameter stays where it is until the
// file is written.
type tensor struct {
	name  string
	shape []int
	typ   elementType
	param bool // one of the network's parameters, by name; else a constant
	f32   []float32
	i32   []int32
	i64   []int64
}

// elements is the number of values.
func (t tensor) elements() int64 {
	n := int64(1)
	for _, d := range t.shape {
		n *= int64(d)
	}
	return n
}

// bytes is the size of the data.
func (t tensor) bytes() int64 {
	if t.typ == typeInt64 {
		return 8 * t.elements()
	}
	return 4 * t.elements()
}

// valueInfo is an input or output of the graph.
type valueInfo struct {
	name string
	typ  elementType
	dims []dimension
}

// dimension is a size, or the name of one that may change from run to run.
type dimension struct {
	size int
	name string
}

func (d dimension) String() string {
	if d.name != "" {
		return d.name
	}
	return fmt.Sprint(d.size)
}
