package golden

import (
	"math/rand/v2"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/optim"
)

var mocoOperations = []operation{
	{name: "lr_epoch", run: mocoRate},
	{name: "moco_queue", run: mocoQueue, single: true},
	{name: "moco_train", run: mocoTrain, single: true},
}

func mocoRate(c *Case, _ device.DType) (Values, error) {
	var p struct {
		LR         float64 `json:"lr"`
		Epochs     int     `json:"epochs"`
		Cos        bool    `json:"cos"`
		Milestones []int   `json:"milestones"`
	}
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	at, err := c.input("epoch")
	return Values{"lr": rates(optim.MoCoSchedule(p.LR, p.Epochs, p.Cos, p.Milestones), at)}, err
}

// mocoQueue runs steps of loss and queue on given encoder outputs.
func mocoQueue(c *Case, dtype device.DType) (Values, error) {
	if dtype == device.Float64 {
		return queueSteps[float64](c, dtype)
	}
	return queueSteps[float32](c, dtype)
}

func queueSteps[T float32 | float64](c *Case, dtype device.DType) (Values, error) {
	q, err := c.input("q")
	if err != nil {
		return nil, err
	}
	k, err := c.input("k")
	if err != nil {
		return nil, err
	}
	side := func(n *net, name string) *gorgonia.Node {
		return nn.Input(n.graph, name, dtype, q.Shape[1:]...)
	}
	m, err := newMoCo[T](c, dtype, side)
	if err != nil {
		return nil, err
	}
	defer m.close()
	values := Values{}
	for s := range q.Shape[0] {
		step, err := m.step(steps(q)[s].Data, steps(k)[s].Data)
		if err != nil {
			return nil, err
		}
		for name, got := range step {
			values.stack(name, got)
		}
	}
	return values, nil
}

// mocoTrain trains the toy encoder of the cases, fc(relu(l1 x)), where fc is a
// linear layer or an MLP.
func mocoTrain(c *Case, dtype device.DType) (Values, error) {
	if dtype == device.Float64 {
		return trainSteps[float64](c, dtype)
	}
	return trainSteps[float32](c, dtype)
}

// mocoSettings are the parameters of a training case.
type mocoSettings struct {
	EMA         float64 `json:"ema_m"`
	LR          float64 `json:"lr"`
	Momentum    float64 `json:"sgd_momentum"`
	WeightDecay float64 `json:"weight_decay"`
}

// encode is the toy encoder.
func (p mocoSettings) encode(c *Case, s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	out := func(name string) int { return c.Inputs["param:"+name+".weight"].Shape[0] }
	h := nn.ReLU(nn.Linear(s.Sub("l1"), x, out("l1"), true))
	if _, mlp := c.Inputs["param:fc.0.weight"]; !mlp {
		return nn.Linear(s.Sub("fc"), h, out("fc"), true)
	}
	fc := s.Sub("fc")
	h = nn.ReLU(nn.Linear(fc.Sub("0"), h, out("fc.0"), true))
	return nn.Linear(fc.Sub("2"), h, out("fc.2"), true)
}

// trainSteps follows the order of the official code: momentum encoder, keys,
// loss against the queue as it was, queue, gradient, optimizer.
func trainSteps[T float32 | float64](c *Case, dtype device.DType) (Values, error) {
	var p mocoSettings
	if err := c.Params.Decode(&p); err != nil {
		return nil, err
	}
	xq, err := c.input("x_q")
	if err != nil {
		return nil, err
	}
	xk, err := c.input("x_k")
	if err != nil {
		return nil, err
	}
	side := func(n *net, name string) *gorgonia.Node {
		return p.encode(c, n.scope, nn.Input(n.graph, name, dtype, xq.Shape[1:]...))
	}
	m, err := newMoCo[T](c, dtype, side)
	if err != nil {
		return nil, err
	}
	defer m.close()
	sgd := optim.Default()
	sgd.Name, sgd.Momentum = optim.SGD, p.Momentum
	solver, err := optim.New(sgd, m.params())
	if err != nil {
		return nil, err
	}
	values := Values{}
	for s := range xq.Shape[0] {
		for i, q := range m.params() {
			optim.EMA(m.momentum()[i].Data, q.Data, p.EMA)
		}
		step, err := m.step(steps(xq)[s].Data, steps(xk)[s].Data)
		if err != nil {
			return nil, err
		}
		if err := solver.Step(optim.Rates{LR: p.LR, WeightDecay: p.WeightDecay}, m.gradients(step)); err != nil {
			return nil, err
		}
		m.weights(step)
		for name, got := range step {
			values.stack(name, got)
		}
	}
	return values, nil
}

// moco is a query graph with gradients, a key graph without, and the queue.
type moco[T float32 | float64] struct {
	query, key       *net
	forward, forKeys *program
	queue            *loss.Queue[T]
	names            []string // trained parameters
}

// newMoCo builds both sides; side adds an encoder to a net and names its input.
func newMoCo[T float32 | float64](c *Case, dtype device.DType, side func(n *net, name string) *gorgonia.Node) (*moco[T], error) {
	temperature, err := Get[float64](c.Params, "temperature")
	if err != nil {
		return nil, err
	}
	init, err := c.input("queue_init") // (D,K)
	if err != nil {
		return nil, err
	}
	d, size := init.Shape[0], init.Shape[1]
	m := &moco[T]{query: newNet(dtype), key: newNet(dtype)}
	m.queue = loss.NewQueue[T](size, d, rand.New(rand.NewPCG(1, 1)))
	copy(m.queue.Rows(), convert[T](transposed(init).Data))

	q := side(m.query, "q")
	n := q.Shape()[0]
	keys := nn.Input(m.query.graph, "keys", dtype, n, d)
	past := nn.Input(m.query.graph, "past", dtype, size, d)
	nodes := loss.InfoNCE(q, keys, past, loss.InfoNCEOptions{Temperature: temperature})
	outputs := map[string]*gorgonia.Node{"loss": nodes.Loss, "logits": mocoLogits(nodes.Z, keys, past, temperature)}
	wanted := m.query.scope.Params()
	if len(wanted) == 0 {
		wanted = []*gorgonia.Node{q}
	}
	if err := m.query.gradients(nodes.Loss, outputs, wanted...); err != nil {
		return nil, err
	}
	if m.forward, err = m.query.compile(true, outputs); err != nil {
		return nil, err
	}
	m.key.scope = m.key.scope.Frozen()
	m.forKeys, err = m.key.compile(true, map[string]*gorgonia.Node{"k": op.Normalize(side(m.key, "k"))})
	if err != nil {
		return nil, err
	}
	return m, m.load(c)
}

// mocoLogits are those of keys, then of the queue: (N,1+K).
func mocoLogits(z, keys, past *gorgonia.Node, temperature float64) *gorgonia.Node {
	positive := op.Reshape(op.Dot(z, keys, 1), z.Shape()[0], 1)
	return op.Scale(op.Concat(1, positive, op.MatMul(z, past, device.MatMulAttrs{TransB: true})), 1/temperature)
}

// load writes the parameters of the case to both sides.
func (m *moco[T]) load(c *Case) error {
	m.names = m.query.store.Names()
	for _, name := range m.names {
		t, err := c.input("param:" + name)
		if err != nil {
			return err
		}
		if err := m.query.set(name, t.Data); err != nil {
			return err
		}
		if err := m.key.set(name, t.Data); err != nil {
			return err
		}
	}
	return nil
}

// step runs keys, loss and gradients, then enqueues the keys.
func (m *moco[T]) step(xq, xk []float64) (Values, error) {
	m.key.bound = map[*gorgonia.Node][]float64{leaf(m.key, "k"): xk}
	k, err := m.forKeys.run()
	if err != nil {
		return nil, err
	}
	m.query.bound = map[*gorgonia.Node][]float64{
		leaf(m.query, "q"): xq, leaf(m.query, "keys"): k["k"].Data, leaf(m.query, "past"): convert[float64](m.queue.Rows()),
	}
	values, err := m.forward.run()
	if err != nil {
		return nil, err
	}
	if err := m.queue.Enqueue(convert[T](k["k"].Data)); err != nil {
		return nil, err
	}
	width := k["k"].Shape[1]
	values["queue_after"] = transposed(Numbers(m.queue.Rows(), len(m.queue.Rows())/width, width))
	values["ptr_after"] = Scalar(float64(m.queue.Pointer()[0]))
	return values, nil
}

func leaf(n *net, name string) *gorgonia.Node { return n.graph.ByName(name)[0] }

func (m *moco[T]) close() {
	m.forward.machine.Close()
	m.forKeys.machine.Close()
}

// params are the trained parameters, momentum the same of the key side.
func (m *moco[T]) params() []optim.ParamOf[T]   { return paramsOf[T](m.query.store, m.names) }
func (m *moco[T]) momentum() []optim.ParamOf[T] { return paramsOf[T](m.key.store, m.names) }

func paramsOf[T float32 | float64](s *nn.Store, names []string) []optim.ParamOf[T] {
	params := make([]optim.ParamOf[T], len(names))
	for i, name := range names {
		t, _ := s.Lookup(name)
		data, ok := any(t.F64).([]T)
		if !ok {
			data = any(t.F32).([]T)
		}
		params[i] = optim.ParamOf[T]{Name: name, Data: data, Group: optim.Group{Decay: true}}
	}
	return params
}

// gradients renames the gradients as the cases do and returns them in the
// order of the parameters.
func (m *moco[T]) gradients(step Values) [][]T {
	grads := make([][]T, len(m.names))
	for i, name := range m.names {
		step["grad:"+name] = step["grad_"+name]
		grads[i] = convert[T](step["grad_"+name].Data)
	}
	return grads
}

// weights adds the parameters of both sides.
func (m *moco[T]) weights(step Values) {
	for i, q := range m.params() {
		shape := step["grad:"+q.Name].Shape
		step["q_after:"+q.Name] = Numbers(q.Data, shape...)
		step["k_after:"+q.Name] = Numbers(m.momentum()[i].Data, shape...)
	}
}
