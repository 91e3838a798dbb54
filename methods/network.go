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
// a momentum encoder, or an encoder under evaluation.
type Network struct {
	inputs  []*gorgonia.Node
	out     *gorgonia.Node
	machine *plan.Machine
	rows    int
}

// NetworkInput is one input of a Network: a name and a shape whose first axis
// is the batch.
type NetworkInput struct {
	Name  string
	DType device.DType
	Shape []int
}

// NewNetwork compiles build over store; parameters that it lacks are initialised
// from seed. With train set batch norm uses the
// statistics of the batch and moves the running ones, as in training.
func NewNetwork(be device.Backend, store *nn.Store, seed uint64, train bool, inputs []NetworkInput,
	build func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node) (*Network, error) {
	g := gorgonia.NewGraph()
	n := &Network{rows: inputs[0].Shape[0]}
	for _, in := range inputs {
		n.inputs = append(n.inputs, nn.Input(g, in.Name, in.DType, in.Shape...))
	}
	n.out = build(nn.NewScope(g, store, seed).Frozen(), n.inputs)
	if err := store.Err(); err != nil {
		return nil, err
	}
	var err error
	n.machine, err = plan.Compile(be, plan.Options{Train: train, Params: store}, n.out)
	if err != nil {
		return nil, fmt.Errorf("methods: compile network: %w", err)
	}
	return n, nil
}

// ClipTower is a network on clips: (N,C,T,H,W) to (N, width).
type ClipTower func(env *Env, s nn.Scope, clips *gorgonia.Node) *gorgonia.Node

// Backbone is the encoder alone: (N,C,T,H,W) to features (N,F).
func Backbone(env *Env, s nn.Scope, clips *gorgonia.Node) *gorgonia.Node { return env.encode(s, clips) }

// NewClipNetwork compiles a tower for evaluation, on env.N clips at a time.
func NewClipNetwork(env *Env, tower ClipTower) (*Network, error) {
	c := env.Clip
	in := NetworkInput{Name: "clips", DType: env.Store.DType(), Shape: []int{env.N, c[0], c[1], c[2], c[3]}}
	return NewNetwork(env.Backend, env.Store, env.Seed, false, []NetworkInput{in},
		func(s nn.Scope, x []*gorgonia.Node) *gorgonia.Node { return tower(env, s, x[0]) })
}

// NewTextNetwork compiles the text tower for evaluation: ids and mask (N,L),
// of env.N captions at a time, to unit rows (N,D).
func NewTextNetwork(env *Env) (*Network, error) {
	shape := []int{env.N, env.Text.Config.Length}
	inputs := []NetworkInput{{"ids", int32Type, shape}, {"words", env.Store.DType(), shape}}
	return NewNetwork(env.Backend, env.Store, env.Seed, false, inputs, func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node {
		return op.Normalize(TextTower(s.Sub("text"), in[0], in[1], env.Text.Config, env.Text.Vocab))
	})
}

// Rows is the batch size N.
func (n *Network) Rows() int { return n.rows }

// Width is the number of outputs of a row.
func (n *Network) Width() int { return n.out.Shape().TotalSize() / n.out.Shape()[0] }

// SetStep tells the dropouts of a network in training the number of the step.
func (n *Network) SetStep(step int) error { return n.machine.SetStep(step) }

// Run computes the outputs (N, Width) of full inputs, in the order of
// NewNetwork. The result is valid until the next Run.
func (n *Network) Run(data ...any) ([]float32, error) {
	for i, d := range data {
		if err := n.machine.Let(n.inputs[i], d); err != nil {
			return nil, fmt.Errorf("methods: network: %w", err)
		}
	}
	if err := n.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("methods: network: %w", err)
	}
	defer n.machine.Reset()
	return n.machine.Float32s(n.out)
}

// Close frees the program.
func (n *Network) Close() error { return n.machine.Close() }

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
