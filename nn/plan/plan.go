// Package plan compiles a graph, forward and gradient, to a program of device
// kernels: it keeps what the requested outputs need, orders it, chooses
// kernels and layouts, and places every value in one arena by its lifetime.
// The Machine that runs the program is a gorgonia.VM.
package plan

import (
	"errors"
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// ParamSource owns the memory of parameters and buffers by leaf name, such as
// an nn.Store. The memory is plain, never moves, and lives as long as the
// source, which the Machine holds on to.
type ParamSource interface {
	Param(name string) (mem device.Mem, ok bool)
}

// Options say how a graph is compiled.
type Options struct {
	// Train makes BatchNorm use and record the batch's statistics, and dropout
	// draw (see Machine.SetStep); otherwise BatchNorm uses the running ones.
	Train bool
	// Params owns the leaves that it knows by name; all others are inputs,
	// bound by Let. Nil: every leaf is an input.
	Params ParamSource
	// Precision is that of convolutions, linear layers and attention.
	Precision device.Precision
	// Accumulate lists outputs that every run adds to sums in memory of their
	// own: gradients over the parts of a batch. Reading such an output gives its
	// sum; see ClearSums and AverageSums.
	Accumulate []*gorgonia.Node
	// NoReuse gives every value memory of its own. Results are the same, bit
	// for bit; tests compare.
	NoReuse bool
}

// Compile makes a program that computes the outputs. A graph may be compiled
// any number of times, with other options and outputs.
func Compile(be device.Backend, o Options, outputs ...*gorgonia.Node) (*Machine, error) {
	if len(outputs) == 0 {
		return nil, errors.New("plan: no outputs")
	}
	if s, ok := o.Params.(interface{ Err() error }); ok && s.Err() != nil {
		return nil, fmt.Errorf("plan: parameters: %w", s.Err())
	}
	nodes, err := reachable(outputs, o.Train)
	if err != nil {
		return nil, err
	}
	b := newBuilder(be, o)
	m, err := b.compile(nodes, outputs)
	if err != nil {
		b.free()
		return nil, err
	}
	if err := m.bindConstants(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (b *builder) compile(nodes, outputs []*gorgonia.Node) (*Machine, error) {
	if err := b.addLeaves(nodes); err != nil {
		return nil, err
	}
	for _, n := range outputs {
		b.outputs[n] = true
	}
	operations, err := joinable(b.be, b.o.Train, nodes, outputs)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	for _, o := range operations {
		if err := b.add(o); err != nil {
			return nil, fmt.Errorf("plan: %s: %w", label(o.result), err)
		}
		if slices.Contains(b.o.Accumulate, o.result) {
			if err := b.accumulate(o.result); err != nil {
				return nil, fmt.Errorf("plan: accumulate %s: %w", label(o.result), err)
			}
		}
	}
	for _, n := range b.o.Accumulate {
		if !b.outputs[n] || b.sums[n] == nil {
			return nil, fmt.Errorf("plan: accumulate %s: not an operation among the outputs", label(n))
		}
	}
	results, err := b.keep(outputs)
	if err != nil {
		return nil, err
	}
	lifetimes(b.steps)
	if !b.o.NoReuse {
		reuseInputs(b.steps)
	}
	arena := place(b.steps, b.o.NoReuse)
	if b.arena, err = b.alloc(arena); err != nil {
		return nil, err
	}
	return newMachine(b, results), nil
}

// label names a node for errors and profiles: its operation, the parameters
// it uses directly, and its number.
func label(n *gorgonia.Node) string {
	if n.Op() == nil {
		return n.Name()
	}
	name := n.Op().String()
	for _, c := range op.Operands(n) {
		if c.IsVar() {
			name += " " + c.Name()
		}
	}
	return fmt.Sprintf("%s #%d", name, n.ID())
}
