// Package onnx writes networks as ONNX files, which other programs run. It
// walks the evaluation graph and translates each operation to ONNX's own.
//
// Graphs have fixed shapes, files should not: a network is drawn at several
// input sizes, without weights, and what differs between the drawings is
// computed in the file from the shapes of its values. An axis that the network
// cannot be drawn along, such as one with a table of positions, stays fixed.
package onnx

import (
	"fmt"
	"io"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/internal/atomicfile"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
)

// The range of operator sets that can be written.
const (
	MinOpset     = 17
	MaxOpset     = 21
	DefaultOpset = 17
)

// Axis is a dimension of the inputs. Axes of one name have one size.
type Axis struct {
	Name  string // in the file; "" for an axis that is fixed by nature, such as channels
	Size  int    // at which the network is drawn first
	Fixed bool   // do not try to leave the size open
}

// Input is an input of the network.
type Input struct {
	Name  string
	DType device.DType
	Axes  []Axis
}

// Network is what to export: a function of graph nodes.
type Network struct {
	Name   string
	Inputs []Input
	Output string // its name
	// Build draws the evaluation graph. Parameters take their names from s.
	Build func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node
}

// Options describe the file.
type Options struct {
	Opset    int               // MinOpset to MaxOpset; 0: DefaultOpset
	Producer string            // program that writes the file
	Version  string            // of that program
	Metadata map[string]string // whatever a user of the network must know
}

// Weights returns the values of a parameter, row-major.
type Weights func(name string, shape []int) ([]float32, error)

// Model is a translated network, not yet written.
type Model struct {
	graph  graph
	header header
	fixed  map[string]error // reasons by axis
}

// Translate makes a model of a network. Axes that must stay fixed are told by
// Report; that the first axis of the first input, the batch, must is an error.
// So is an operation without translation, which the error names.
func Translate(n Network, o Options) (*Model, error) {
	if o.Opset == 0 {
		o.Opset = DefaultOpset
	}
	if o.Opset < MinOpset || o.Opset > MaxOpset {
		return nil, fmt.Errorf("onnx: opset %d, want %d to %d", o.Opset, MinOpset, MaxOpset)
	}
	x, err := n.explore(o.Opset)
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", n.Name, err)
	}
	g, err := n.translate(x.drawings, o.Opset)
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", n.Name, err)
	}
	h := header{producer: o.Producer, version: o.Version, opset: o.Opset, metadata: o.Metadata}
	return &Model{graph: *g, header: h, fixed: x.fixed}, nil
}

// Parameter is a tensor that the file will hold.
type Parameter struct {
	Name  string
	Shape []int
}

// Parameters lists what Write asks for, in its order.
func (m *Model) Parameters() []Parameter {
	var out []Parameter
	for _, t := range m.graph.initializers {
		if t.param {
			out = append(out, Parameter{t.name, t.shape})
		}
	}
	return out
}

// Write writes the model to path, whole or not at all.
func (m *Model) Write(path string, weights Weights) error {
	err := atomicfile.Stream(path, func(w io.Writer) error { return m.graph.write(w, m.header, weights) })
	if err != nil {
		return fmt.Errorf("onnx: write %s: %w", path, err)
	}
	return nil
}

// Value is an input or output as a user of the file sees it.
type Value struct {
	Name  string   `json:"name"`
	Type  string   `json:"type"`
	Shape []string `json:"shape"` // sizes, or names of those that may change
}

// Report tells what a model is.
type Report struct {
	Opset      int     `json:"opset"`
	Inputs     []Value `json:"inputs"`
	Outputs    []Value `json:"outputs"`
	Nodes      int     `json:"nodes"`
	Parameters int64   `json:"parameters"` // numbers, those of running statistics included
	// Fixed gives the reason for each axis that the network is tied to.
	Fixed map[string]string `json:"fixed"`
}

// Report describes the model.
func (m *Model) Report() Report {
	r := Report{Opset: m.header.opset, Nodes: len(m.graph.nodes), Fixed: map[string]string{},
		Inputs: valuesOf(m.graph.inputs), Outputs: valuesOf(m.graph.outputs)}
	for axis, reason := range m.fixed {
		r.Fixed[axis] = reason.Error()
	}
	for _, p := range m.Parameters() {
		r.Parameters += device.Type{Shape: p.Shape}.Elements()
	}
	return r
}

func valuesOf(infos []valueInfo) []Value {
	names := map[elementType]string{typeFloat: "float32", typeInt32: "int32", typeInt64: "int64", typeBool: "bool"}
	var out []Value
	for _, info := range infos {
		v := Value{Name: info.name, Type: names[info.typ]}
		for _, d := range info.dims {
			v.Shape = append(v.Shape, d.String())
		}
		out = append(out, v)
	}
	return out
}
