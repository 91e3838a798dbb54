package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/nn/plan"
)

// cachedStep computes loss and gradients of a batch whose towers run on a few
// videos at a time (gradient cache, arXiv:2101.06983): first forward, keeping
// outputs alone; then the loss over the outputs of all, and its gradients with
// respect to them; then forward and backward again, where these gradients enter,
// and those of the parameters are added up. Memory of the towers is that of a
// micro-batch.
//
// The step is that of the undivided batch but for rounding, as long as towers see
// each video alone. Batch norm does not: its statistics are those of a
// micro-batch. Running statistics move once a step for each micro-batch. Dropout
// draws for each micro-batch, and draws the same both times.
type cachedStep[T optim.Float] struct {
	method     methods.Splitter
	store      *nn.Store
	n, parts   int // videos of a micro-batch, micro-batches of a batch
	forward    *plan.Machine
	backward   *plan.Machine
	loss       *plan.Machine
	graph      *methods.Graph   // of the loss; its parameters are all
	outputs    []*gorgonia.Node // of the towers
	upstream   []*gorgonia.Node // inputs of their gradients
	whole      []*gorgonia.Node // outputs of all videos, inputs of the loss
	dwhole     []*gorgonia.Node // their gradients
	sums       []*gorgonia.Node // gradients of the towers' parameters
	own        []*gorgonia.Node // and of the loss's
	values     [][]T            // of whole
	parting    []T              // rows of one micro-batch
	buffers    []*nn.Tensor     // running statistics
	remembered [][]T            // before the step
}

// newCachedStep draws and compiles; env.N is the whole batch.
func newCachedStep[T optim.Float](m methods.Splitter, env *methods.Env, n int) (*cachedStep[T], error) {
	if n < 1 || env.N%n != 0 {
		return nil, fmt.Errorf("train: micro_batch is %d videos, which do not divide a batch of %d: set it to a divisor, or to 0 for none", n, env.N)
	}
	c := &cachedStep[T]{method: m, store: env.Store, n: n, parts: env.N / n}
	part := *env
	part.N = n
	towers := nn.NewScope(gorgonia.NewGraph(), env.Store, env.Seed)
	var err error
	if c.outputs, err = m.Towers(&part, towers); err != nil {
		return nil, err
	}
	if err := c.drawLoss(env); err != nil {
		return nil, err
	}
	if err := c.compile(env, towers); err != nil {
		return nil, errors.Join(err, c.close())
	}
	c.graph.Params = append(towers.Params(), c.graph.Params...)
	return c, env.Store.Err()
}

// drawLoss draws the loss over inputs for the outputs of all videos.
func (c *cachedStep[T]) drawLoss(env *methods.Env) error {
	s := nn.NewScope(gorgonia.NewGraph(), env.Store, env.Seed)
	for i, o := range c.outputs {
		shape := append([]int{}, o.Shape()...)
		shape[0] *= c.parts
		input := nn.Input(s.Graph(), fmt.Sprint("tower.", i), op.TypeOf(o).DType, shape...)
		c.whole, c.values = append(c.whole, input), append(c.values, make([]T, input.Shape().TotalSize()))
	}
	var err error
	if c.graph, err = c.method.Loss(env, s, c.whole); err != nil {
		return err
	}
	c.graph.Params = s.Params()
	grads, err := nn.Grad(c.graph.Loss, append(append([]*gorgonia.Node{}, c.whole...), c.graph.Params...))
	if err != nil {
		return fmt.Errorf("train: gradients of the loss: %w", err)
	}
	c.dwhole, c.own = grads[:len(c.whole)], grads[len(c.whole):]
	return nil
}

// compile makes the three programs; the two of the towers come from one graph,
// whose dropouts then draw the same.
func (c *cachedStep[T]) compile(env *methods.Env, towers nn.Scope) (err error) {
	var sum *gorgonia.Node
	for i, o := range c.outputs {
		d := nn.Input(towers.Graph(), fmt.Sprint("gradient.", i), op.TypeOf(o).DType, o.Shape()...)
		c.upstream = append(c.upstream, d)
		term := op.Sum(op.Mul(o, d))
		if sum == nil {
			sum = term
			continue
		}
		sum = op.Add(sum, term)
	}
	if c.sums, err = nn.Grad(sum, towers.Params()); err != nil {
		return fmt.Errorf("train: gradients of the towers: %w", err)
	}
	o := plan.Options{Train: true, Params: env.Store, Precision: env.Precision}
	if c.forward, err = plan.Compile(env.Backend, o, c.outputs...); err != nil {
		return fmt.Errorf("train: compile towers: %w", err)
	}
	if c.loss, err = plan.Compile(env.Backend, o, append(append(shown(c.graph), c.dwhole...), c.own...)...); err != nil {
		return fmt.Errorf("train: compile loss: %w", err)
	}
	o.Accumulate = c.sums
	if c.backward, err = plan.Compile(env.Backend, o, c.sums...); err != nil {
		return fmt.Errorf("train: compile gradients: %w", err)
	}
	for _, name := range env.Store.Names() {
		if t, _ := env.Store.Lookup(name); t.Kind == nn.Buffer {
			c.buffers = append(c.buffers, t)
			c.remembered = append(c.remembered, make([]T, len(t.F32)+len(t.F64)))
		}
	}
	return nil
}

// run computes the loss and all gradients of step number step.
func (c *cachedStep[T]) run(b *methods.Batch, step int) error {
	if err := c.embed(b, step); err != nil {
		return err
	}
	bind := binder[T](c.loss)
	for i, w := range c.whole {
		if err := bind(w, c.values[i]); err != nil {
			return err
		}
	}
	if err := c.method.FeedLoss(b, bind); err != nil {
		return err
	}
	if err := c.loss.RunAll(); err != nil {
		return err
	}
	return c.propagate(b, step)
}

// embed fills values with the outputs of all videos. The running statistics stay:
// the second pass moves them.
func (c *cachedStep[T]) embed(b *methods.Batch, step int) error {
	for i, t := range c.buffers {
		copy(c.remembered[i], memory[T](t))
	}
	for k := range c.parts {
		if err := c.feed(c.forward, b, step, k); err != nil {
			return err
		}
		for i, o := range c.outputs {
			rows, err := read[T](c.forward, o)
			if err != nil {
				return err
			}
			c.eachView(i, k, len(rows), func(part, whole int, size int) {
				copy(c.values[i][whole:whole+size], rows[part:part+size])
			})
		}
	}
	for i, t := range c.buffers {
		copy(memory[T](t), c.remembered[i])
	}
	return nil
}

// propagate adds up the gradients of the towers' parameters.
func (c *cachedStep[T]) propagate(b *methods.Batch, step int) error {
	if err := c.backward.ClearSums(); err != nil {
		return err
	}
	for k := range c.parts {
		for i, d := range c.dwhole {
			grads, err := read[T](c.loss, d)
			if err != nil {
				return err
			}
			size := len(grads) / c.parts
			c.parting = append(c.parting[:0], make([]T, size)...)
			c.eachView(i, k, size, func(part, whole, size int) {
				copy(c.parting[part:part+size], grads[whole:whole+size])
			})
			if err := c.backward.Let(c.upstream[i], c.parting); err != nil {
				return err
			}
		}
		if err := c.feed(c.backward, b, step, k); err != nil {
			return err
		}
	}
	return nil
}

// feed runs a program of the towers on micro-batch k.
func (c *cachedStep[T]) feed(m *plan.Machine, b *methods.Batch, step, k int) error {
	if err := c.method.FeedTowers(b.Part(k*c.n, (k+1)*c.n), binder[T](m)); err != nil {
		return err
	}
	if err := m.SetStep(step*c.parts + k); err != nil {
		return err
	}
	return m.RunAll()
}

// eachView calls f for the rows of each view of output i: where they lie in
// micro-batch k, of that many values, and in the batch, and how many they are.
func (c *cachedStep[T]) eachView(i, k, values int, f func(part, whole, size int)) {
	views := c.outputs[i].Shape()[0] / c.n
	size := values / views
	for v := range views {
		f(v*size, (v*c.parts+k)*size, size)
	}
}

// normalises tells whether towers take statistics of a batch.
func (c *cachedStep[T]) normalises() bool {
	return slices.ContainsFunc(c.buffers, func(t *nn.Tensor) bool { return strings.HasSuffix(t.Name, ".running_mean") })
}

// gradients of graph.Params, in order.
func (c *cachedStep[T]) gradients() ([][]T, error) {
	var grads [][]T
	for _, g := range c.sums {
		v, err := read[T](c.backward, g)
		if err != nil {
			return nil, err
		}
		grads = append(grads, v)
	}
	for _, g := range c.own {
		v, err := read[T](c.loss, g)
		if err != nil {
			return nil, err
		}
		grads = append(grads, v)
	}
	return grads, nil
}

func (c *cachedStep[T]) close() error {
	var errs []error
	for _, m := range []*plan.Machine{c.forward, c.backward, c.loss} {
		if m != nil {
			errs = append(errs, m.Close())
		}
	}
	return errors.Join(errs...)
}

func read[T optim.Float](m *plan.Machine, n *gorgonia.Node) ([]T, error) {
	if op.TypeOf(n).DType == device.Float64 {
		v, err := m.Float64s(n)
		return any(v).([]T), err
	}
	v, err := m.Float32s(n)
	return any(v).([]T), err
}

func memory[T optim.Float](t *nn.Tensor) []T {
	if v, ok := any(t.F32).([]T); ok {
		return v
	}
	return any(t.F64).([]T)
}

// binder binds inputs. Batches hold float32, which the float64 instance, the one
// that tests compare, widens.
func binder[T optim.Float](m *plan.Machine) methods.Bind {
	return func(input *gorgonia.Node, data any) error {
		single, ok := data.([]float32)
		if !ok || op.TypeOf(input).DType != device.Float64 {
			return m.Let(input, data)
		}
		double := make([]float64, len(single))
		for i, v := range single {
			double[i] = float64(v)
		}
		return m.Let(input, double)
	}
}
