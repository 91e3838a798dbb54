package plan

import (
	"errors"
	"fmt"
	"unsafe"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// Machine runs a compiled program. One goroutine at a time may use it.
type Machine struct {
	be      device.Backend
	params  ParamSource // keeps the borrowed memory alive
	program device.Program
	steps   []step // what the program was made of
	leaves  []leaf
	profile *Profile
	sums    []*sum
	summed  int // runs since ClearSums
	inputs  map[*gorgonia.Node]*input
	results map[*gorgonia.Node]*result
	arena   device.Mem
	memory  []device.Mem
	ran     bool
	closed  bool
}

var _ gorgonia.VM = (*Machine)(nil)

// input is a leaf that Let binds.
type input struct {
	v     device.Value
	mem   device.Mem
	bound bool
}

// result is an output and its host copy.
type result struct {
	v    device.Value
	mem  device.Mem
	host []byte
}

func newMachine(b *builder, results map[*gorgonia.Node]*value) *Machine {
	m := &Machine{be: b.be, params: b.o.Params, steps: b.steps, leaves: b.leafList, sums: b.sumList, arena: b.arena, memory: b.allocated,
		inputs: map[*gorgonia.Node]*input{}, results: map[*gorgonia.Node]*result{}}
	for n, v := range b.inputs {
		m.inputs[n] = &input{v: v.Value, mem: v.block.mem}
	}
	for n, v := range results {
		m.results[n] = &result{v: v.Value, mem: b.memOf(v)}
	}
	for i := range b.steps {
		m.program.Steps = append(m.program.Steps, b.finish(&b.steps[i]))
	}
	return m
}

// memOf is where a value lies, after place.
func (b *builder) memOf(v *value) device.Mem {
	if v == nil {
		return device.Mem{}
	}
	return b.at(v.block, b.be.Bytes(v.Value))
}

func (b *builder) at(k *block, bytes int64) device.Mem {
	if k = k.root(); k.fixed {
		return k.mem
	}
	return part(b.arena, k.offset, bytes)
}

func (b *builder) finish(s *step) device.Step {
	mems := func(vs []*value) []device.Mem {
		ms := make([]device.Mem, len(vs))
		for i, v := range vs {
			ms[i] = b.memOf(v)
		}
		return ms
	}
	a := device.Args{In: mems(s.in), Saved: mems(s.saved), Reads: mems(s.reads), Out: b.memOf(s.out)}
	if s.scratch != nil {
		a.Scratch = b.at(s.scratch, s.scratch.bytes)
	}
	return device.Step{Name: s.name, Kernel: s.kernel, Args: a}
}

// Let copies data, of the node's element type and size in row-major order, to
// an input. It stays bound until the next Let.
func (m *Machine) Let(n *gorgonia.Node, data any) error {
	in, ok := m.inputs[n]
	if !ok {
		return fmt.Errorf("plan: let %s: not an input that the outputs need", n.Name())
	}
	src, dtype, err := hostBytes(data)
	if err != nil {
		return fmt.Errorf("plan: let %s: %w", n.Name(), err)
	}
	if dtype != in.v.Type.DType || int64(len(src)) != in.v.Type.Bytes() {
		return fmt.Errorf("plan: let %s: %T of %d elements, want %v %v", n.Name(), data,
			int64(len(src))/dtype.Size(), n.Dtype(), in.v.Type.Shape)
	}
	if err := m.be.Upload(in.mem, in.v, src); err != nil {
		return fmt.Errorf("plan: let %s: %w", n.Name(), err)
	}
	in.bound = true
	return nil
}

// SetStep tells dropouts the number of the step, from which they draw; programs
// without any take no notice. Parts of one step that must not share masks, such
// as accumulated batches, take numbers of their own.
func (m *Machine) SetStep(step int) error {
	for n := range m.inputs {
		if n.Name() == op.DropoutStep {
			return m.Let(n, []int32{int32(step)})
		}
	}
	return nil
}

// bindConstants binds the leaves that carry a value of their own.
func (m *Machine) bindConstants() error {
	for n := range m.inputs {
		if v := n.Value(); v != nil {
			if err := m.Let(n, v.Data()); err != nil {
				return err
			}
		}
	}
	return nil
}

// RunAll computes the outputs. All inputs must be bound.
func (m *Machine) RunAll() error {
	if m.closed {
		return errors.New("plan: run: machine is closed")
	}
	for n, in := range m.inputs {
		if !in.bound {
			return fmt.Errorf("plan: run: input %s is not bound: call Let first", n.Name())
		}
	}
	if m.profile != nil {
		m.profile.begin()
	}
	if err := m.be.Run(&m.program); err != nil {
		return fmt.Errorf("plan: run: %w", err)
	}
	m.ran = true
	m.summed++
	return nil
}

// Reset forgets the results; inputs stay bound.
func (m *Machine) Reset() { m.ran = false }

// Close gives the machine's memory back; parameters belong to their source. A
// second Close does nothing.
func (m *Machine) Close() error {
	for _, b := range m.memory {
		m.be.Free(b)
	}
	m.memory, m.ran, m.closed, m.inputs, m.results = nil, false, true, nil, nil
	return nil
}

// ArenaBytes is the memory of all values but parameters and inputs.
func (m *Machine) ArenaBytes() int64 { return m.arena.Bytes }

// Steps is the number of kernels of one run.
func (m *Machine) Steps() int { return len(m.program.Steps) }

// StepNames tells the kernels of one run in order: operation, the leaves it
// uses, and the node's number.
func (m *Machine) StepNames() []string {
	var names []string
	for _, s := range m.program.Steps {
		names = append(names, s.Name)
	}
	return names
}

// Float32s is an output's value, row-major, valid until the next RunAll or
// Close.
func (m *Machine) Float32s(n *gorgonia.Node) ([]float32, error) {
	return elements[float32](m, n, device.Float32)
}

// Float64s is Float32s for float64 outputs.
func (m *Machine) Float64s(n *gorgonia.Node) ([]float64, error) {
	return elements[float64](m, n, device.Float64)
}

// Scalar is an output of one element.
func (m *Machine) Scalar(n *gorgonia.Node) (float64, error) {
	if n.Dtype() == gorgonia.Float64 {
		v, err := m.Float64s(n)
		if err != nil || len(v) != 1 {
			return 0, scalarError(n, err)
		}
		return v[0], nil
	}
	v, err := m.Float32s(n)
	if err != nil || len(v) != 1 {
		return 0, scalarError(n, err)
	}
	return float64(v[0]), nil
}

func scalarError(n *gorgonia.Node, err error) error {
	if err != nil {
		return err
	}
	return fmt.Errorf("plan: output %s has shape %v, want one element", label(n), n.Shape())
}

func elements[T float32 | float64](m *Machine, n *gorgonia.Node, want device.DType) ([]T, error) {
	r, ok := m.results[n]
	if !ok {
		return nil, fmt.Errorf("plan: output %s was not asked for in Compile", label(n))
	}
	if !m.ran {
		return nil, errors.New("plan: read an output before RunAll")
	}
	if r.v.Type.DType != want {
		return nil, fmt.Errorf("plan: output %s is %v: use the reader of that type", label(n), n.Dtype())
	}
	host, err := m.hostView(r)
	if err != nil {
		return nil, fmt.Errorf("plan: output %s: %w", label(n), err)
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(host))), r.v.Type.Elements()), nil
}

// hostView is the output itself where the host can address the device's
// memory, or else a copy.
func (m *Machine) hostView(r *result) ([]byte, error) {
	if h, ok := m.be.(device.HostViewer); ok {
		return h.HostView(r.mem), nil
	}
	if r.host == nil {
		r.host = make([]byte, r.v.Type.Bytes())
	}
	return r.host, m.be.Download(r.host, r.v, r.mem)
}

// hostBytes views a slice of elements as bytes.
func hostBytes(data any) ([]byte, device.DType, error) {
	switch d := data.(type) {
	case []float32:
		return raw(d), device.Float32, nil
	case []float64:
		return raw(d), device.Float64, nil
	case []int32:
		return raw(d), device.Int32, nil
	}
	return nil, 0, fmt.Errorf("data is %T, want []float32, []float64 or []int32", data)
}

func raw[T float32 | float64 | int32](d []T) []byte {
	var zero T
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(d))), len(d)*int(unsafe.Sizeof(zero)))
}
