package onnx

import (
	"fmt"
	"math"
	"strings"

	"github.com/clvid/clvid/nn/device"
)

// emitter builds a graph node by node.
type emitter struct {
	graph  *graph
	opset  int
	known  []*value          // made so far: where sizes can be read
	used   map[string]int    // names, and how often their stem was asked for
	shared map[string]string // constants and sizes that are there already, by content
}

func newEmitter(name string, opset int) *emitter {
	return &emitter{graph: &graph{name: name}, opset: opset, used: map[string]int{}, shared: map[string]string{}}
}

// fresh is a name that no other value has.
func (e *emitter) fresh(stem string) string {
	for {
		e.used[stem]++
		name := fmt.Sprintf("%s_%d", stem, e.used[stem])
		if e.used[name] == 0 {
			e.used[name] = 1
			return name
		}
	}
}

// emit adds a node of one output, whose name it returns.
func (e *emitter) emit(op string, inputs []string, attrs ...attr) string {
	out := e.fresh(strings.ToLower(op))
	e.graph.nodes = append(e.graph.nodes, node{op: op, name: out, inputs: inputs, outputs: []string{out}, attrs: attrs})
	return out
}

// on is emit for inputs listed one by one.
func (e *emitter) on(op string, inputs ...string) string { return e.emit(op, inputs) }

// input adds an input of the network; axes name the dimensions that change.
func (e *emitter) input(v *value, axes []string) {
	e.used[v.name]++
	info := valueInfo{name: v.name, typ: elementTypeOf(v.dtype)}
	for i, s := range v.dims {
		size, constant := s.constant()
		d := dimension{size: size}
		if !constant {
			d = dimension{name: axes[i]}
		}
		info.dims = append(info.dims, d)
	}
	e.graph.inputs = append(e.graph.inputs, info)
}

// leaf adds a parameter, or a table that the graph carries, and returns its
// name.
func (e *emitter) leaf(d drawn) (string, error) {
	t := tensor{name: d.name, shape: d.typ.Shape, typ: elementTypeOf(d.typ.DType)}
	switch data := d.data.(type) {
	case nil:
		t.param = true
		e.used[d.name]++
		e.graph.initializers = append(e.graph.initializers, t)
		return d.name, nil
	case []float32:
		t.f32 = data
	case []int32:
		t.i32 = data
	default:
		return "", fmt.Errorf("a table of %T, want []float32 or []int32", data)
	}
	return e.constant(t), nil
}

// output makes a value the network's output, under its name.
func (e *emitter) output(v *value, n Network) {
	name := n.Output
	made := false
	for i := range e.graph.nodes {
		for k, out := range e.graph.nodes[i].outputs {
			if out == v.name {
				e.graph.nodes[i].outputs[k], made = name, true
			}
		}
		for k, in := range e.graph.nodes[i].inputs {
			if made && in == v.name {
				e.graph.nodes[i].inputs[k] = name
			}
		}
	}
	if !made { // an input or a parameter
		e.graph.nodes = append(e.graph.nodes, node{op: "Identity", name: name, inputs: []string{v.name}, outputs: []string{name}})
	}
	info := valueInfo{name: name, typ: elementTypeOf(v.dtype)}
	for _, s := range v.dims {
		info.dims = append(info.dims, e.dimension(s))
	}
	e.graph.outputs = []valueInfo{info}
}

// dimension is a size of the output: a number, the axis of an input, or a
// name that says no more than that it may change.
func (e *emitter) dimension(s sizes) dimension {
	if size, ok := s.constant(); ok {
		return dimension{size: size}
	}
	for i, in := range e.graph.inputs {
		for a, d := range in.dims {
			if d.name != "" && s.equal(e.known[i].dims[a]) {
				return d
			}
		}
	}
	return dimension{name: e.fresh("size")}
}

// constant adds an initializer, once for equal contents.
func (e *emitter) constant(t tensor) string {
	key := fmt.Sprintf("%v %v %v %v %v", t.typ, t.shape, t.f32, t.i32, t.i64)
	if name, ok := e.shared[key]; ok {
		return name
	}
	t.name = e.fresh("constant")
	e.graph.initializers = append(e.graph.initializers, t)
	e.shared[key] = t.name
	return t.name
}

// ints is an int64 vector, as axes and shapes are.
func (e *emitter) ints(v ...int) string {
	t := tensor{shape: []int{len(v)}, typ: typeInt64, i64: make([]int64, len(v))}
	for i, x := range v {
		t.i64[i] = int64(x)
	}
	return e.constant(t)
}

// scalar is a float32 of no axes.
func (e *emitter) scalar(v float64) string {
	return e.constant(tensor{typ: typeFloat, f32: []float32{float32(v)}})
}

// vector is n times a float32.
func (e *emitter) vector(v float64, n int) string {
	t := tensor{shape: []int{n}, typ: typeFloat, f32: make([]float32, n)}
	for i := range t.f32 {
		t.f32[i] = float32(v)
	}
	return e.constant(t)
}

func elementTypeOf(t device.DType) elementType {
	if t == device.Int32 {
		return typeInt32
	}
	return typeFloat
}

// endOfAxis is the bound of a slice that takes all that is left.
const endOfAxis = math.MaxInt64

func intAttr(name string, v int) attr       { return attr{name, int64(v)} }
func floatAttr(name string, v float64) attr { return attr{name, float32(v)} }
func textAttr(name, v string) attr          { return attr{name, v} }

func intsAttr(name string, v ...int) attr {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return attr{name, out}
}
