package onnx

import (
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of onnx.proto, by message.
const (
	modelIRVersion       = 1
	modelProducer        = 2
	modelProducerVersion = 3
	modelGraph           = 7
	modelOpset           = 8
	modelMetadata        = 14

	opsetVersion = 2

	entryKey   = 1
	entryValue = 2

	graphNode        = 1
	graphName        = 2
	graphInitializer = 5
	graphInput       = 11
	graphOutput      = 12

	nodeInput     = 1
	nodeOutput    = 2
	nodeName      = 3
	nodeOp        = 4
	nodeAttribute = 5

	attrName   = 1
	attrFloat  = 2
	attrInt    = 3
	attrString = 4
	attrFloats = 7
	attrInts   = 8
	attrType   = 20

	tensorDims    = 1
	tensorType    = 2
	tensorName    = 8
	tensorRawData = 9

	infoName = 1
	infoType = 2

	typeTensor      = 1
	typeElement     = 1
	typeShape       = 2
	shapeDimension  = 1
	dimensionValue  = 1
	dimensionSymbol = 2
)

// Values of AttributeProto.type.
const (
	kindFloat  = 1
	kindInt    = 2
	kindString = 3
	kindFloats = 6
	kindInts   = 7
)

// maxBytes is what a protobuf message may hold: readers count in int32.
const maxBytes = math.MaxInt32

// header is what a ModelProto says beside its graph.
type header struct {
	producer, version string
	opset             int
	metadata          map[string]string
}

// irVersion is the version of the format that came with an opset.
func irVersion(opset int) uint64 {
	switch {
	case opset >= 21:
		return 10
	case opset >= 19:
		return 9
	}
	return 8
}

// message appends fields to a protobuf message.
type message []byte

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendTag(*m, field, protowire.BytesType)
	*m = protowire.AppendBytes(*m, v)
}

func (m *message) text(field protowire.Number, v string) { m.bytes(field, []byte(v)) }

func (m *message) number(field protowire.Number, v uint64) {
	*m = protowire.AppendTag(*m, field, protowire.VarintType)
	*m = protowire.AppendVarint(*m, v)
}

func (m *message) float(field protowire.Number, v float32) {
	*m = protowire.AppendTag(*m, field, protowire.Fixed32Type)
	*m = protowire.AppendFixed32(*m, math.Float32bits(v))
}

// write encodes a model. Data of parameters comes from source, tensor by
// tensor, and is not copied as a whole.
func (g *graph) write(w io.Writer, h header, source Weights) error {
	head, frames := h.encode(), g.frames()
	length := int64(len(frames.rest))
	for i, t := range g.initializers {
		length += int64(len(frames.initializers[i])) + t.bytes()
	}
	if err := g.checkSize(int64(len(head)) + length); err != nil {
		return err
	}
	head = protowire.AppendTag(head, modelGraph, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(length))
	if _, err := w.Write(append(head, frames.rest...)); err != nil {
		return err
	}
	for i, t := range g.initializers {
		if _, err := w.Write(frames.initializers[i]); err != nil {
			return err
		}
		if err := t.writeData(w, source); err != nil {
			return err
		}
	}
	return nil
}

// checkSize refuses what a reader could not parse.
func (g *graph) checkSize(bytes int64) error {
	if bytes > maxBytes {
		return fmt.Errorf("the model would have %d bytes, and a protobuf message holds at most %d: export a narrower or shallower encoder", bytes, int64(maxBytes))
	}
	return nil
}

func (h header) encode() message {
	var m message
	m.number(modelIRVersion, irVersion(h.opset))
	m.text(modelProducer, h.producer)
	m.text(modelProducerVersion, h.version)
	var opset message
	opset.number(opsetVersion, uint64(h.opset))
	m.bytes(modelOpset, opset)
	for _, key := range slices.Sorted(maps.Keys(h.metadata)) {
		var e message
		e.text(entryKey, key)
		e.text(entryValue, h.metadata[key])
		m.bytes(modelMetadata, e)
	}
	return m
}

// graphFrames is a graph's message without the data of its initializers: each
// of these is a frame that its data follows.
type graphFrames struct {
	rest         message
	initializers []message
}

func (g *graph) frames() graphFrames {
	var f graphFrames
	f.rest.text(graphName, g.name)
	for _, n := range g.nodes {
		f.rest.bytes(graphNode, n.encode())
	}
	for _, v := range g.inputs {
		f.rest.bytes(graphInput, v.encode())
	}
	for _, v := range g.outputs {
		f.rest.bytes(graphOutput, v.encode())
	}
	for _, t := range g.initializers {
		f.initializers = append(f.initializers, t.frame())
	}
	return f
}

func (n node) encode() message {
	var m message
	for _, name := range n.inputs {
		m.text(nodeInput, name)
	}
	for _, name := range n.outputs {
		m.text(nodeOutput, name)
	}
	m.text(nodeName, n.name)
	m.text(nodeOp, n.op)
	for _, a := range n.attrs {
		m.bytes(nodeAttribute, a.encode())
	}
	return m
}

func (a attr) encode() message {
	var m message
	m.text(attrName, a.name)
	switch v := a.value.(type) {
	case int64:
		m.number(attrInt, uint64(v))
		m.number(attrType, kindInt)
	case float32:
		m.float(attrFloat, v)
		m.number(attrType, kindFloat)
	case string:
		m.text(attrString, v)
		m.number(attrType, kindString)
	case []int64:
		for _, i := range v {
			m.number(attrInts, uint64(i))
		}
		m.number(attrType, kindInts)
	case []float32:
		for _, f := range v {
			m.float(attrFloats, f)
		}
		m.number(attrType, kindFloats)
	default:
		panic(fmt.Sprintf("onnx: attribute %s of type %T", a.name, a.value))
	}
	return m
}

func (v valueInfo) encode() message {
	var shape, tensor, typ, m message
	for _, d := range v.dims {
		var dim message
		if d.name != "" {
			dim.text(dimensionSymbol, d.name)
		} else {
			dim.number(dimensionValue, uint64(d.size))
		}
		shape.bytes(shapeDimension, dim)
	}
	tensor.number(typeElement, uint64(v.typ))
	tensor.bytes(typeShape, shape)
	typ.bytes(typeTensor, tensor)
	m.text(infoName, v.name)
	m.bytes(infoType, typ)
	return m
}

// frame is the field of an initializer up to its data.
func (t tensor) frame() message {
	var m message
	for _, d := range t.shape {
		m.number(tensorDims, uint64(d))
	}
	m.number(tensorType, uint64(t.typ))
	m.text(tensorName, t.name)
	m = protowire.AppendTag(m, tensorRawData, protowire.BytesType)
	m = protowire.AppendVarint(m, uint64(t.bytes()))
	f := protowire.AppendTag(nil, graphInitializer, protowire.BytesType)
	f = protowire.AppendVarint(f, uint64(len(m))+uint64(t.bytes()))
	return append(f, m...)
}

// writeData writes little-endian elements in pieces.
func (t tensor) writeData(w io.Writer, source Weights) error {
	f32 := t.f32
	if t.param {
		var err error
		if f32, err = source(t.name, t.shape); err != nil {
			return err
		}
		if int64(len(f32)) != t.elements() {
			return fmt.Errorf("parameter %s has %d elements, want those of shape %v", t.name, len(f32), t.shape)
		}
	}
	const piece = 1 << 14
	var b []byte
	for from := int64(0); from < t.elements(); from += piece {
		to := min(from+piece, t.elements())
		b = b[:0]
		switch t.typ {
		case typeFloat:
			for _, v := range f32[from:to] {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
		case typeInt32:
			for _, v := range t.i32[from:to] {
				b = binary.LittleEndian.AppendUint32(b, uint32(v))
			}
		default:
			for _, v := range t.i64[from:to] {
				b = binary.LittleEndian.AppendUint64(b, uint64(v))
			}
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}
