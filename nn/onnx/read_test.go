package onnx

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is one field of a message: a number, or bytes.
type field struct {
	id     protowire.Number
	number uint64
	bytes  []byte
}

// fields parses a message.
func fields(t *testing.T, b []byte) []field {
	t.Helper()
	var out []field
	for len(b) > 0 {
		id, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			t.Fatalf("a tag: %v", protowire.ParseError(n))
		}
		b = b[n:]
		f := field{id: id}
		switch typ {
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.number = uint64(v)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			t.Fatalf("field %d of wire type %d", id, typ)
		}
		if n < 0 {
			t.Fatalf("field %d: %v", id, protowire.ParseError(n))
		}
		b = b[n:]
		out = append(out, f)
	}
	return out
}

// parse reads a file back.
func parse(t *testing.T, b []byte) (*graph, header, uint64) {
	t.Helper()
	g, h, ir := &graph{}, header{metadata: map[string]string{}}, uint64(0)
	for _, f := range fields(t, b) {
		switch f.id {
		case modelIRVersion:
			ir = f.number
		case modelProducer:
			h.producer = string(f.bytes)
		case modelProducerVersion:
			h.version = string(f.bytes)
		case modelOpset:
			h.opset = int(fields(t, f.bytes)[0].number)
		case modelMetadata:
			e := fields(t, f.bytes)
			h.metadata[string(e[0].bytes)] = string(e[1].bytes)
		case modelGraph:
			g.parse(t, f.bytes)
		default:
			t.Fatalf("field %d of the model", f.id)
		}
	}
	return g, h, ir
}

func (g *graph) parse(t *testing.T, b []byte) {
	t.Helper()
	for _, f := range fields(t, b) {
		switch f.id {
		case graphName:
			g.name = string(f.bytes)
		case graphNode:
			g.nodes = append(g.nodes, parseNode(t, f.bytes))
		case graphInitializer:
			g.initializers = append(g.initializers, parseTensor(t, f.bytes))
		case graphInput:
			g.inputs = append(g.inputs, parseInfo(t, f.bytes))
		case graphOutput:
			g.outputs = append(g.outputs, parseInfo(t, f.bytes))
		default:
			t.Fatalf("field %d of the graph", f.id)
		}
	}
}

func parseNode(t *testing.T, b []byte) node {
	var n node
	for _, f := range fields(t, b) {
		switch f.id {
		case nodeInput:
			n.inputs = append(n.inputs, string(f.bytes))
		case nodeOutput:
			n.outputs = append(n.outputs, string(f.bytes))
		case nodeName:
			n.name = string(f.bytes)
		case nodeOp:
			n.op = string(f.bytes)
		case nodeAttribute:
			n.attrs = append(n.attrs, parseAttr(t, f.bytes))
		}
	}
	return n
}

func parseAttr(t *testing.T, b []byte) attr {
	var a attr
	ints, floats := []int64{}, []float32{}
	values := map[uint64]any{}
	for _, f := range fields(t, b) {
		switch f.id {
		case attrName:
			a.name = string(f.bytes)
		case attrFloat:
			values[kindFloat] = math.Float32frombits(uint32(f.number))
		case attrInt:
			values[kindInt] = int64(f.number)
		case attrString:
			values[kindString] = string(f.bytes)
		case attrInts:
			ints = append(ints, int64(f.number))
		case attrFloats:
			floats = append(floats, math.Float32frombits(uint32(f.number)))
		case attrType:
			values[kindInts], values[kindFloats] = ints, floats
			a.value = values[f.number]
		}
	}
	return a
}

func parseTensor(t *testing.T, b []byte) tensor {
	x := tensor{shape: []int{}}
	var raw []byte
	for _, f := range fields(t, b) {
		switch f.id {
		case tensorDims:
			x.shape = append(x.shape, int(f.number))
		case tensorType:
			x.typ = elementType(f.number)
		case tensorName:
			x.name = string(f.bytes)
		case tensorRawData:
			raw = f.bytes
		default:
			t.Fatalf("field %d of a tensor", f.id)
		}
	}
	if int64(len(raw)) != x.bytes() {
		t.Fatalf("initializer %s of shape %v has %d bytes, want %d", x.name, x.shape, len(raw), x.bytes())
	}
	for ; len(raw) > 0 && x.typ != typeInt64; raw = raw[4:] {
		v := binary.LittleEndian.Uint32(raw)
		x.f32, x.i32 = append(x.f32, math.Float32frombits(v)), append(x.i32, int32(v))
	}
	for ; len(raw) > 0; raw = raw[8:] {
		x.i64 = append(x.i64, int64(binary.LittleEndian.Uint64(raw)))
	}
	return x
}

func parseInfo(t *testing.T, b []byte) valueInfo {
	var v valueInfo
	for _, f := range fields(t, b) {
		if f.id == infoName {
			v.name = string(f.bytes)
			continue
		}
		for _, f := range fields(t, fields(t, f.bytes)[0].bytes) { // the tensor's type
			if f.id == typeElement {
				v.typ = elementType(f.number)
				continue
			}
			for _, d := range fields(t, f.bytes) {
				size := fields(t, d.bytes)[0]
				v.dims = append(v.dims, dimension{size: int(size.number), name: string(size.bytes)})
			}
		}
	}
	return v
}

// checkWellFormed says what is wrong with a graph's structure: every name has
// one maker, which comes before its users.
func (g *graph) checkWellFormed() error {
	made, nodes := map[string]bool{}, map[string]bool{}
	define := func(name string) error {
		if name == "" || made[name] {
			return fmt.Errorf("the name %q is made twice, or empty", name)
		}
		made[name] = true
		return nil
	}
	for _, v := range g.inputs {
		if err := define(v.name); err != nil {
			return err
		}
	}
	for _, x := range g.initializers {
		if err := define(x.name); err != nil {
			return err
		}
	}
	for _, n := range g.nodes {
		if nodes[n.name] {
			return fmt.Errorf("two nodes are called %s", n.name)
		}
		nodes[n.name] = true
		for _, in := range n.inputs {
			if in != "" && !made[in] { // "" leaves an optional input out
				return fmt.Errorf("node %s (%s) uses %q before it is made", n.name, n.op, in)
			}
		}
		for _, out := range n.outputs {
			if err := define(out); err != nil {
				return err
			}
		}
	}
	for _, v := range g.outputs {
		if !made[v.name] {
			return fmt.Errorf("nothing makes the output %s", v.name)
		}
	}
	return nil
}
