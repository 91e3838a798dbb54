package golden

import (
	"encoding/json"
	"fmt"
	"sync"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// backend is the CPU with all that it finds; float64 runs on the pure-Go
// kernels in any case.
var backend = sync.OnceValues(func() (device.Backend, error) { return cpu.Open(cpu.Options{}) })

// net is a graph with its parameters, in one element type.
type net struct {
	dtype device.DType
	store *nn.Store
	graph *gorgonia.ExprGraph
	scope nn.Scope
	bound map[*gorgonia.Node][]float64
}

func newNet(dtype device.DType) *net {
	n := &net{dtype: dtype, store: nn.NewStore(dtype), graph: gorgonia.NewGraph(), bound: map[*gorgonia.Node][]float64{}}
	n.scope = nn.NewScope(n.graph, n.store, 1)
	return n
}

// input adds a leaf that holds t.
func (n *net) input(name string, t Tensor) *gorgonia.Node {
	node := nn.Input(n.graph, name, n.dtype, t.Shape...)
	n.bound[node] = t.Data
	return node
}

// ids adds an int32 leaf that holds the case's input of that name.
func (n *net) ids(c *Case, name string) (*gorgonia.Node, error) {
	t, err := c.input(name)
	if err != nil {
		return nil, err
	}
	node := nn.Input(n.graph, name, device.Int32, t.Shape...)
	n.bound[node] = t.Data
	return node, nil
}

// fill gives every stored tensor the values of the encoder cases' rule.
func (n *net) fill() {
	for _, name := range n.store.Names() {
		t, _ := n.store.Lookup(name)
		FillWeight(name, t.Shape, t.F32)
		FillWeight(name, t.Shape, t.F64)
	}
}

// inputs adds a leaf for each name of the case's inputs.
func (n *net) inputs(c *Case, names ...string) ([]*gorgonia.Node, error) {
	nodes := make([]*gorgonia.Node, len(names))
	for i, name := range names {
		t, err := c.input(name)
		if err != nil {
			return nil, err
		}
		nodes[i] = n.input(name, t)
	}
	return nodes, nil
}

// program is a compiled net; outputs have names.
type program struct {
	net     *net
	machine *plan.Machine
	outputs map[string]*gorgonia.Node
}

func (n *net) compile(train bool, outputs map[string]*gorgonia.Node) (*program, error) {
	be, err := backend()
	if err != nil {
		return nil, err
	}
	var nodes []*gorgonia.Node
	for _, node := range outputs {
		nodes = append(nodes, node)
	}
	m, err := plan.Compile(be, plan.Options{Train: train, Params: n.store}, nodes...)
	if err != nil {
		return nil, err
	}
	return &program{n, m, outputs}, nil
}

// run binds the inputs and returns the outputs.
func (p *program) run() (Values, error) {
	for node, data := range p.net.bound {
		if err := p.let(node, data); err != nil {
			return nil, err
		}
	}
	if err := p.machine.RunAll(); err != nil {
		return nil, err
	}
	values := Values{}
	for name, node := range p.outputs {
		data, err := p.read(node)
		if err != nil {
			return nil, err
		}
		values[name] = Numbers(data, node.Shape()...)
	}
	return values, nil
}

func (p *program) let(node *gorgonia.Node, data []float64) error {
	if op.TypeOf(node).DType == device.Int32 {
		return p.machine.Let(node, whole(data))
	}
	if p.net.dtype == device.Float64 {
		return p.machine.Let(node, data)
	}
	return p.machine.Let(node, convert[float32](data))
}

func (p *program) read(node *gorgonia.Node) ([]float64, error) {
	if p.net.dtype == device.Float64 {
		data, err := p.machine.Float64s(node)
		return convert[float64](data), err
	}
	data, err := p.machine.Float32s(node)
	return convert[float64](data), err
}

// once compiles, runs and closes.
func (n *net) once(train bool, outputs map[string]*gorgonia.Node) (Values, error) {
	p, err := n.compile(train, outputs)
	if err != nil {
		return nil, err
	}
	defer p.machine.Close()
	return p.run()
}

// gradients adds "grad_NAME" for each node to outputs.
func (n *net) gradients(loss *gorgonia.Node, outputs map[string]*gorgonia.Node, nodes ...*gorgonia.Node) error {
	grads, err := nn.Grad(loss, nodes)
	if err != nil {
		return err
	}
	for i, node := range nodes {
		outputs["grad_"+node.Name()] = grads[i]
	}
	return nil
}

// set writes a stored tensor.
func (n *net) set(name string, data []float64) error {
	t, ok := n.store.Lookup(name)
	if !ok || len(t.F32)+len(t.F64) != len(data) {
		return fmt.Errorf("golden: the store has no tensor %s of %d numbers", name, len(data))
	}
	copy(t.F64, data)
	for i := range t.F32 {
		t.F32[i] = float32(data[i])
	}
	return nil
}

// get reads a stored tensor.
func (n *net) get(name string) (Tensor, error) {
	t, ok := n.store.Lookup(name)
	if !ok {
		return Tensor{}, fmt.Errorf("golden: the store has no tensor %s", name)
	}
	if t.F64 != nil {
		return Numbers(t.F64, t.Shape...), nil
	}
	return Numbers(t.F32, t.Shape...), nil
}

func convert[T, S float32 | float64](data []S) []T {
	out := make([]T, len(data))
	for i, v := range data {
		out[i] = T(v)
	}
	return out
}

func whole(data []float64) []int32 {
	out := make([]int32, len(data))
	for i, v := range data {
		out[i] = int32(v)
	}
	return out
}

// ints reads whole numbers.
func ints(t Tensor) []int {
	out := make([]int, len(t.Data))
	for i, v := range t.Data {
		out[i] = int(v)
	}
	return out
}

// transposed turns (N,M) into (M,N).
func transposed(t Tensor) Tensor {
	n, m := t.Shape[0], t.Shape[1]
	out := Tensor{Shape: []int{m, n}, Data: make([]float64, n*m)}
	for i := range n {
		for j := range m {
			out.Data[j*n+i] = t.Data[i*m+j]
		}
	}
	return out
}

// steps cuts the leading axis.
func steps(t Tensor) []Tensor {
	size := elements(t.Shape[1:])
	out := make([]Tensor, t.Shape[0])
	for s := range out {
		out[s] = Tensor{Shape: t.Shape[1:], Data: t.Data[s*size : (s+1)*size]}
	}
	return out
}

// stack appends a step to a value of an axis more.
func (v Values) stack(name string, t Tensor) {
	old, ok := v[name]
	if !ok {
		old = Tensor{Shape: append([]int{0}, t.Shape...)}
	}
	old.Shape[0]++
	old.Data = append(old.Data, t.Data...)
	v[name] = old
}

func unmarshal(text string, v any) error { return json.Unmarshal([]byte(text), v) }
