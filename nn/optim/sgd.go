package optim

// sgd is stochastic gradient descent with momentum as PyTorch defines it:
// g += decay·p; buffer = momentum·buffer + g; p -= lr·buffer. The learning rate
// stays outside the buffer (LARS's classic form folds it in), and the buffer
// starts as the first gradient, which a zero buffer gives as well. With
// Nesterov the step is g + momentum·buffer.
type sgd[T Float] struct {
	cfg     Config
	params  []ParamOf[T]
	buffers [][]T // empty without momentum
}

var _ Optimizer = (*sgd[float32])(nil)

func newSGD[T Float](c Config, params []ParamOf[T]) *sgd[T] {
	s := &sgd[T]{cfg: c, params: params}
	if c.Momentum > 0 {
		s.buffers = zerosLike(params)
	}
	return s
}

// Step implements OptimizerOf.
func (s *sgd[T]) Step(lr float64, grads [][]T) error {
	factor, err := prepare(s.cfg, lr, s.params, grads)
	if err != nil {
		return err
	}
	forChunks(s.params, s.cfg.Threads, func(i, from, to int) {
		p, g := s.params[i].Data[from:to], grads[i][from:to]
		decay := T(0)
		if s.params[i].Decay {
			decay = T(s.cfg.WeightDecay)
		}
		if s.buffers == nil {
			descend(p, g, T(factor), decay, T(lr))
			return
		}
		descendMomentum(p, g, s.buffers[i][from:to], T(factor), decay, T(lr), T(s.cfg.Momentum), s.cfg.Nesterov)
	})
	return nil
}

func descend[T Float](p, g []T, factor, decay, lr T) {
	for j, w := range p {
		p[j] = w - lr*(g[j]*factor+decay*w)
	}
}

func descendMomentum[T Float](p, g, buffer []T, factor, decay, lr, momentum T, nesterov bool) {
	for j, w := range p {
		d := g[j]*factor + decay*w
		b := momentum*buffer[j] + d
		buffer[j] = b
		if nesterov {
			b = d + momentum*b
		}
		p[j] = w - lr*b
	}
}

// State implements OptimizerOf.
func (s *sgd[T]) State() []StateOf[T] {
	states := make([]StateOf[T], len(s.buffers))
	for i, b := range s.buffers {
		states[i] = StateOf[T]{s.params[i].Name + ".momentum_buffer", b}
	}
	return states
}
