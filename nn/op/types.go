package op

import (
	"fmt"
	"slices"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/clvid/clvid/nn/device"
)

// TypeOf is a node's element type and shape. Elements other than float32,
// float64 and int32 panic.
func TypeOf(n *gorgonia.Node) device.Type {
	return device.Type{DType: dtypeOf(n.Dtype()), Shape: shapeOf(n)}
}

func dtypeOf(t tensor.Dtype) device.DType {
	switch t {
	case tensor.Float32:
		return device.Float32
	case tensor.Float64:
		return device.Float64
	case tensor.Int32:
		return device.Int32
	}
	panic(fmt.Sprintf("op: element type %v, want float32, float64 or int32", t))
}

// GorgoniaDtype is the element type's name in Gorgonia.
func GorgoniaDtype(t device.DType) tensor.Dtype {
	switch t {
	case device.Float64:
		return tensor.Float64
	case device.Int32:
		return tensor.Int32
	}
	return tensor.Float32
}

// nodeType is a type in Gorgonia's terms: a bare Dtype for scalars, which
// Grad demands of losses.
func nodeType(t device.Type) hm.Type {
	if len(t.Shape) == 0 {
		return GorgoniaDtype(t.DType)
	}
	return gorgonia.TensorType{Dims: len(t.Shape), Of: GorgoniaDtype(t.DType)}
}

// Operands are a node's inputs in order. Gorgonia exports them only so.
func Operands(n *gorgonia.Node) []*gorgonia.Node {
	it := n.Graph().From(n.ID())
	var ns []*gorgonia.Node
	for it != nil && it.Next() {
		ns = append(ns, it.Node().(*gorgonia.Node))
	}
	return ns
}

func shapeOf(n *gorgonia.Node) []int { return slices.Clone([]int(n.Shape())) }

func shapes(ns []*gorgonia.Node) [][]int {
	var s [][]int
	for _, n := range ns {
		s = append(s, shapeOf(n))
	}
	return s
}

// like is a type of n's elements and another shape.
func like(n *gorgonia.Node, shape ...int) device.Type {
	return device.Type{DType: dtypeOf(n.Dtype()), Shape: shape}
}

// check panics with a message about operation k unless ok.
func check(ok bool, k device.Kind, format string, args ...any) {
	if !ok {
		panic(fmt.Sprintf("op: %s: "+format, append([]any{k}, args...)...))
	}
}

func checkRank(n *gorgonia.Node, k device.Kind, name string, rank int) {
	check(len(n.Shape()) == rank, k, "%s has shape %v, want %d axes", name, n.Shape(), rank)
}

func checkAxis(n *gorgonia.Node, k device.Kind, axis int) {
	check(axis >= 0 && axis < len(n.Shape()), k, "axis %d of shape %v", axis, n.Shape())
}

func checkSame(a, b *gorgonia.Node, k device.Kind) {
	check(slices.Equal(shapeOf(a), shapeOf(b)) && a.Dtype() == b.Dtype(), k,
		"shapes %v %v and %v %v differ", a.Dtype(), a.Shape(), b.Dtype(), b.Shape())
}

func checkIDs(n *gorgonia.Node, k device.Kind, name string) {
	check(n.Dtype() == tensor.Int32, k, "%s are %v, want int32", name, n.Dtype())
}
