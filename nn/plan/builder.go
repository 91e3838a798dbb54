package plan

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// value is one tensor of the program. Several may share a block: a reshaped
// value is its source under another shape.
type value struct {
	device.Value
	block *block
}

// step is one kernel with its operands. Operands of which only the shape
// matters are nil.
type step struct {
	name             string
	kind             device.Kind
	kernel           device.Kernel
	in, saved, reads []*value
	out              *value
	scratch          *block // nil: none
	reuse            int    // input that out may overwrite, or -1
}

// convertKind is told as the kind of steps that turn one layout into another.
const convertKind device.Kind = "convert"

// builder turns nodes into steps.
type builder struct {
	be         device.Backend
	o          Options
	values     map[*gorgonia.Node]*value
	saved      map[*gorgonia.Node][]*value
	second     map[*gorgonia.Node]lowered   // what is computed again
	operations map[*gorgonia.Node]operation // by the nodes of their value and of what they save
	outputs    map[*gorgonia.Node]bool
	converted  map[conversion]*value
	inputs     map[*gorgonia.Node]*value
	steps      []step
	leafList   []leaf
	sums       map[*gorgonia.Node]*sum
	sumList    []*sum
	leaves     device.Mem // all inputs, back to back
	arena      device.Mem
	allocated  []device.Mem
}

// leaf is a parameter, buffer or input.
type leaf struct {
	name string
	v    *value
}

// conversion is a value in another layout.
type conversion struct {
	of *value
	to device.Layout
}

func newBuilder(be device.Backend, o Options) *builder {
	return &builder{be: be, o: o,
		values: map[*gorgonia.Node]*value{}, saved: map[*gorgonia.Node][]*value{},
		second: map[*gorgonia.Node]lowered{}, operations: map[*gorgonia.Node]operation{}, outputs: map[*gorgonia.Node]bool{},
		converted: map[conversion]*value{}, inputs: map[*gorgonia.Node]*value{},
		sums: map[*gorgonia.Node]*sum{}}
}

func (b *builder) alloc(bytes int64) (device.Mem, error) {
	m, err := b.be.Alloc(bytes)
	if err != nil {
		return m, fmt.Errorf("plan: %w", err)
	}
	b.allocated = append(b.allocated, m)
	return m, nil
}

func (b *builder) free() {
	for _, m := range b.allocated {
		b.be.Free(m)
	}
	b.allocated = nil
}

// addLeaves borrows the parameters and allocates the inputs.
func (b *builder) addLeaves(nodes []*gorgonia.Node) error {
	names := map[string]bool{}
	var total int64
	for _, n := range nodes {
		if n.Op() != nil {
			continue
		}
		name := n.Name()
		if name == "" || names[name] {
			return fmt.Errorf("plan: two leaves are called %q: give every leaf a name of its own", name)
		}
		names[name] = true
		v, borrowed, err := b.leaf(n)
		if err != nil {
			return err
		}
		b.values[n] = v
		b.leafList = append(b.leafList, leaf{name, v})
		if !borrowed {
			b.inputs[n] = v
			v.block.offset = total
			total += align(v.block.bytes)
		}
	}
	var err error
	if b.leaves, err = b.alloc(total); err != nil {
		return err
	}
	for _, v := range b.inputs {
		v.block.mem = part(b.leaves, v.block.offset, v.block.bytes)
	}
	return nil
}

// leaf is a value in memory of its own; borrowed tells that the source of
// parameters owns it.
func (b *builder) leaf(n *gorgonia.Node) (v *value, borrowed bool, err error) {
	t := op.TypeOf(n)
	v = &value{Value: device.Value{Type: t}, block: &block{bytes: t.Bytes(), fixed: true}}
	if b.o.Params == nil {
		return v, false, nil
	}
	mem, ok := b.o.Params.Param(n.Name())
	if ok && mem.Bytes != t.Bytes() {
		return nil, false, fmt.Errorf("plan: parameter %s has %d bytes, its node %v %v needs %d: use the store that the graph was built with", n.Name(), mem.Bytes, n.Dtype(), t.Shape, t.Bytes())
	}
	v.block.mem = mem
	return v, ok, nil
}

// lowered is what one operation came to.
type lowered struct {
	out   *value
	saved []*value
}

// add lowers one operation.
func (b *builder) add(o operation) error {
	b.operations[o.result], b.operations[o.node] = o, o
	l, err := b.operation(o, false)
	b.values[o.result], b.saved[o.node] = l.out, l.saved
	return err
}

// operation lowers an operation, for the first or the second time.
func (b *builder) operation(o operation, again bool) (lowered, error) {
	d := o.desc
	d.Precision = b.o.Precision
	in, err := b.operands(o, again)
	if err != nil {
		return lowered{}, err
	}
	reads, err := b.reads(o.node, again)
	if err != nil {
		return lowered{}, err
	}
	if v := b.alias(d, in, reads); v != nil {
		return lowered{out: v}, nil
	}
	for _, v := range reads {
		d.Reads = append(d.Reads, v.Type)
	}
	if again {
		b.spareUpdates(o.node, in)
	}
	return b.lower(o.node, d, in, reads, again)
}

// lower chooses the kernel and converts the inputs to the layouts it wants.
func (b *builder) lower(n *gorgonia.Node, d device.OpDesc, in, reads []*value, again bool) (lowered, error) {
	l, err := b.be.Lower(d, valuesOf(in), valuesOf(reads))
	if err != nil {
		return lowered{}, err
	}
	s := step{name: label(n), kind: d.Kind, kernel: l.Kernel, reads: reads, reuse: l.Reuse, in: make([]*value, len(in))}
	for i, v := range in {
		if d.Kind.ShapeOnly(i) {
			continue
		}
		if s.in[i], err = b.convert(v, l.In[i]); err != nil {
			return lowered{}, err
		}
	}
	if again {
		s.name += " again"
	} else if err := checkUpdates(n, in, s.in); b.o.Train && err != nil {
		return lowered{}, err
	}
	s.out = b.fresh(device.Value{Type: d.Out, Layout: l.Out})
	for _, v := range l.Saved {
		s.saved = append(s.saved, b.fresh(v))
	}
	if l.Scratch > 0 {
		s.scratch = &block{bytes: l.Scratch}
	}
	b.steps = append(b.steps, s)
	return lowered{s.out, s.saved}, nil
}

// checkUpdates refuses copies of inputs that are updated in place.
func checkUpdates(n *gorgonia.Node, given, used []*value) error {
	o, ok := n.Op().(*op.Op)
	if !ok {
		return nil
	}
	for _, i := range o.Updates() {
		if given[i] != used[i] || !given[i].block.fixed {
			return fmt.Errorf("input %d is updated in place and must be a leaf in the plain layout: make it by Scope.Buffer and pass it as it is", i)
		}
	}
	return nil
}

func valuesOf(vs []*value) []device.Value {
	ds := make([]device.Value, len(vs))
	for i, v := range vs {
		ds[i] = v.Value
	}
	return ds
}

func (b *builder) fresh(v device.Value) *value {
	return &value{Value: v, block: &block{bytes: b.be.Bytes(v)}}
}

// convert returns v in another layout, by a step that is added once.
func (b *builder) convert(v *value, to device.Layout) (*value, error) {
	if v.Layout == to {
		return v, nil
	}
	key := conversion{v, to}
	if c, ok := b.converted[key]; ok {
		return c, nil
	}
	l, err := b.be.Convert(v.Value, to)
	if err != nil {
		return nil, err
	}
	c := b.fresh(device.Value{Type: v.Type, Layout: to})
	s := step{name: "convert", kind: convertKind, kernel: l.Kernel, in: []*value{v}, out: c, reuse: -1}
	if l.Scratch > 0 {
		s.scratch = &block{bytes: l.Scratch}
	}
	b.steps = append(b.steps, s)
	b.converted[key] = c
	return c, nil
}

// alias finds operations that are their input, or a saved value, under
// another name or shape; they cost nothing. Nil where a kernel is needed.
func (b *builder) alias(d device.OpDesc, in, saved []*value) *value {
	switch d.Kind {
	case device.Identity:
		return in[0]
	case device.Dropout:
		if !d.Train {
			return in[0]
		}
	case device.Pick:
		return saved[d.Attrs.(device.PickAttrs).Index]
	case device.Reshape:
		if in[0].Layout == nil {
			return &value{Value: device.Value{Type: d.Out}, block: in[0].block}
		}
	}
	return nil
}

// keep makes the outputs plain and lasting.
func (b *builder) keep(outputs []*gorgonia.Node) (map[*gorgonia.Node]*value, error) {
	results := map[*gorgonia.Node]*value{}
	for _, n := range outputs {
		if s, ok := b.sums[n]; ok {
			results[n] = s.v
			continue
		}
		v, err := b.convert(b.values[n], nil)
		if err != nil {
			return nil, fmt.Errorf("plan: output %s: %w", label(n), err)
		}
		v.block.keep = true
		results[n] = v
	}
	return results, nil
}
