package methods

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/nn/plan"
)

// Network is a forward pass without gradients over the parameters of a store:
// a momentum encoder, or an encoder under evaluation. It takes any number of
// rows; for each number a program is compiled, and the last few are kept.
type Network struct {
	be       device.Backend
	store    *nn.Store
	seed     uint64
	options  plan.Options
	inputs   []NetworkInput
	build    func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node
	programs *plan.Cache[*program]
	step     int // of dropouts
	width    int
}

// program is a network for one number of rows.
type program struct {
	inputs  []*gorgonia.Node
	out     *gorgonia.Node
	machine *plan.Machine
}

// Close frees the program.
func (p *program) Close() error { return p.machine.Close() }

// keptPrograms are that of full batches and that of the last one.
const keptPrograms = 2

// NetworkInput is one input of a Network: a name and a shape whose first axis
// is the batch.
type NetworkInput struct {
	Name  string
	DType device.DType
	Shape []int
}

// NewNetwork compiles build over store for the rows of the inputs' shapes;
// parameters that it lacks are initialised from env's seed. With train set batch norm
// uses the statistics of the batch and moves the running ones, as in training.
func NewNetwork(env *Env, store *nn.Store, train bool, inputs []NetworkInput,
	build func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node) (*Network, error) {
	n := &Network{be: env.Backend, store: store, seed: env.Seed,
		options: plan.Options{Train: train, Params: store, Precision: env.Precision},
		inputs:  inputs, build: build, programs: plan.NewCache[*program](keptPrograms)}
	p, err := n.program(n.Rows())
	if err != nil {
		return nil, err
	}
	n.width = p.out.Shape().TotalSize() / p.out.Shape()[0]
	return n, nil
}

// program is the network for a number of rows.
func (n *Network) program(rows int) (*program, error) {
	var shapes [][]int
	for _, in := range n.inputs {
		shapes = append(shapes, append([]int{rows}, in.Shape[1:]...))
	}
	return n.programs.Get(plan.KeyOf(n.options, "", shapes...), func() (*program, error) { return n.compile(shapes) })
}

func (n *Network) compile(shapes [][]int) (*program, error) {
	g := gorgonia.NewGraph()
	p := &program{}
	for i, in := range n.inputs {
		p.inputs = append(p.inputs, nn.Input(g, in.Name, in.DType, shapes[i]...))
	}
	p.out = n.build(nn.NewScope(g, n.store, n.seed).Frozen(), p.inputs)
	if err := n.store.Err(); err != nil {
		return nil, err
	}
	var err error
	p.machine, err = plan.Compile(n.be, n.options, p.out)
	if err != nil {
		return nil, fmt.Errorf("methods: compile network: %w", err)
	}
	return p, nil
}

// ClipTower is a network on clips: (N,C,T,H,W) to (N, width).
type ClipTower func(env *Env, s nn.Scope, clips *gorgonia.Node) *gorgonia.Node

// Backbone is the encoder alone: (N,C,T,H,W) to features (N,F).
func Backbone(env *Env, s nn.Scope, clips *gorgonia.Node) *gorgonia.Node { return env.encode(s, clips) }

// NewClipNetwork compiles a tower for evaluation, on env.N clips at a time.
func NewClipNetwork(env *Env, tower ClipTower) (*Network, error) {
	c := env.Clip
	in := NetworkInput{Name: "clips", DType: env.Store.DType(), Shape: []int{env.N, c[0], c[1], c[2], c[3]}}
	return NewNetwork(env, env.Store, false, []NetworkInput{in},
		func(s nn.Scope, x []*gorgonia.Node) *gorgonia.Node { return tower(env, s, x[0]) })
}

// NewTextNetwork compiles the text tower for evaluation: ids and mask (N,L),
// of env.N captions at a time, to unit rows (N,D).
func NewTextNetwork(env *Env) (*Network, error) {
	shape := []int{env.N, env.Text.Config.Length}
	inputs := []NetworkInput{{"ids", int32Type, shape}, {"words", env.Store.DType(), shape}}
	return NewNetwork(env, env.Store, false, inputs, func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node {
		return op.Normalize(TextTower(s.Sub("text"), in[0], in[1], env.Text.Config, env.Text.Vocab))
	})
}

// Rows is the batch size N of NewNetwork; Run takes others too.
func (n *Network) Rows() int { return n.inputs[0].Shape[0] }

// Width is the number of outputs of a row.
func (n *Network) Width() int { return n.width }

// SetStep tells the dropouts of a network in training the number of the step.
func (n *Network) SetStep(step int) { n.step = step }

// Run computes the outputs (rows, Width) of inputs in the order of NewNetwork,
// which all have the same number of rows. The result is valid until the next
// Run.
func (n *Network) Run(data ...any) ([]float32, error) {
	rows, err := n.rowsOf(data[0])
	if err != nil {
		return nil, err
	}
	p, err := n.program(rows)
	if err != nil {
		return nil, err
	}
	for i, d := range data {
		if err := p.machine.Let(p.inputs[i], d); err != nil {
			return nil, fmt.Errorf("methods: network: %w", err)
		}
	}
	if err := p.machine.SetStep(n.step); err != nil {
		return nil, fmt.Errorf("methods: network: %w", err)
	}
	if err := p.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("methods: network: %w", err)
	}
	defer p.machine.Reset()
	return p.machine.Float32s(p.out)
}

// rowsOf counts the rows of the first input.
func (n *Network) rowsOf(data any) (int, error) {
	elements, row := 0, int(device.Type{Shape: n.inputs[0].Shape[1:]}.Elements())
	switch d := data.(type) {
	case []float32:
		elements = len(d)
	case []int32:
		elements = len(d)
	default:
		return 0, fmt.Errorf("methods: network: %s is %T, want []float32 or []int32", n.inputs[0].Name, data)
	}
	if elements == 0 || elements%row != 0 {
		return 0, fmt.Errorf("methods: network: %s has %d elements, want rows of %d", n.inputs[0].Name, elements, row)
	}
	return elements / row, nil
}

// Close frees the programs.
func (n *Network) Close() error { return n.programs.Close() }

// Trainable lists the trained leaves for an optimizer, grouped by the rules of c.
func Trainable(c optim.Config, store *nn.Store, params []*gorgonia.Node) []optim.Param {
	out, tensors := make([]optim.Param, len(params)), make([]optim.Tensor, len(params))
	for i, p := range params {
		t, _ := store.Lookup(p.Name())
		out[i] = optim.Param{Name: t.Name, Data: t.F32}
		tensors[i] = optim.Tensor{Name: t.Name, Role: roles[t.Kind], Axes: len(t.Shape)}
	}
	for i, g := range optim.Groups(c, tensors) {
		out[i].Group = g
	}
	return out
}

// roles translates the kinds of trained tensors.
var roles = map[nn.Kind]optim.Role{nn.Weight: optim.Weight, nn.Bias: optim.Offset, nn.Norm: optim.Offset, nn.Scalar: optim.Scalar}
