package plan

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// sum is memory in which an output is added up over runs.
type sum struct {
	name string
	v    *value // the output's type
	flat *value // the same memory as one axis, plain on every back end
}

// accumulate adds an output to a sum of its own as soon as it is computed, so
// that its memory in the arena is free from there on.
func (b *builder) accumulate(n *gorgonia.Node) error {
	plain, err := b.convert(b.values[n], nil)
	if err != nil {
		return err
	}
	mem, err := b.alloc(plain.Type.Bytes())
	if err != nil {
		return err
	}
	s := &sum{name: label(n), v: &value{Value: plain.Value, block: &block{bytes: mem.Bytes, fixed: true, mem: mem}}}
	flat := device.Value{Type: device.Type{DType: plain.Type.DType, Shape: []int{int(plain.Type.Elements())}}}
	s.flat = &value{Value: flat, block: s.v.block}
	term := &value{Value: flat, block: plain.block}
	d := device.OpDesc{Kind: device.Add, In: []device.Type{flat.Type, flat.Type}, Out: flat.Type}
	l, err := lowerInPlace(b.be, d, flat, flat)
	if err != nil {
		return err
	}
	b.steps = append(b.steps, step{name: "accumulate " + s.name, kind: d.Kind, kernel: l.Kernel, in: []*value{s.flat, term}, out: s.flat, reuse: -1})
	b.sums[n], b.sumList = s, append(b.sumList, s)
	return nil
}

// lowerInPlace chooses a kernel over plain values that writes its first input.
func lowerInPlace(be device.Backend, d device.OpDesc, in ...device.Value) (device.Lowered, error) {
	l, err := be.Lower(d, in, nil)
	if err != nil {
		return l, err
	}
	for _, layout := range append(l.In, l.Out) {
		if layout != nil || l.Reuse != 0 || l.Scratch != 0 {
			return l, fmt.Errorf("%s cannot %s plain values in place: accumulate outputs outside the plan", be.Name(), d.Kind)
		}
	}
	return l, nil
}

// ClearSums sets the sums of Options.Accumulate to zero.
func (m *Machine) ClearSums() error {
	m.summed = 0
	for _, s := range m.sums {
		if h, ok := m.be.(device.HostViewer); ok {
			clear(h.HostView(s.v.block.mem))
			continue
		}
		if err := m.be.Upload(s.v.block.mem, s.v.Value, make([]byte, s.v.block.bytes)); err != nil {
			return fmt.Errorf("plan: clear the sum of %s: %w", s.name, err)
		}
	}
	return nil
}

// AverageSums divides the sums of Options.Accumulate by the number of runs since
// ClearSums. Clear them before the next run.
func (m *Machine) AverageSums() error {
	if m.summed == 0 {
		return errors.New("plan: average of no runs: call RunAll after ClearSums")
	}
	var p device.Program
	for _, s := range m.sums {
		t := s.flat.Type
		d := device.OpDesc{Kind: device.Scale, Attrs: device.ScaleAttrs{Factor: 1 / float64(m.summed)}, In: []device.Type{t}, Out: t}
		l, err := lowerInPlace(m.be, d, s.flat.Value)
		if err != nil {
			return fmt.Errorf("plan: average: %w", err)
		}
		mem := s.flat.block.mem
		p.Steps = append(p.Steps, device.Step{Name: "average " + s.name, Kernel: l.Kernel, Args: device.Args{In: []device.Mem{mem}, Out: mem}})
	}
	if err := m.be.Run(&p); err != nil {
		return fmt.Errorf("plan: average: %w", err)
	}
	return nil
}
