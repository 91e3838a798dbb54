package optim

// descent is stochastic gradient descent with momentum, and LARS and LARC, which
// differ from it by a factor for each tensor. With d = ratio·(g + decay·p):
//
//	buffer = momentum·buffer + in·d
//	p     -= out·buffer          (Nesterov: out·(in·d + momentum·buffer))
//
// In SGD, LARSTorch and LARC in is 1-dampening, and 1 in the first step, as in
// PyTorch, and out the learning rate; LARS puts the rate inside: in is the rate,
// out 1. A buffer of zeros gives PyTorch's first step.
type descent[T Float] struct {
	cfg     Config
	trust   trust // nil: every ratio is 1
	params  []ParamOf[T]
	buffers [][]T // nil without momentum
	count   []T   // steps taken, one number; nil without dampening
	ratios  []float64
}

var _ Optimizer = (*descent[float32])(nil)

func newDescent[T Float](c Config, rule trust, params []ParamOf[T]) *descent[T] {
	s := &descent[T]{cfg: c, trust: rule, params: params, ratios: make([]float64, len(params))}
	if c.Momentum > 0 {
		s.buffers = zerosLike(params)
	}
	if c.Dampening > 0 {
		s.count = make([]T, 1)
	}
	return s
}

// descentStep holds the factors of one tensor's step.
type descentStep[T Float] struct {
	grad, decay, in, out, momentum T
	nesterov                       bool
}

// Step implements OptimizerOf.
func (s *descent[T]) Step(r Rates, grads [][]T) error {
	if err := checkStep(r, s.params, grads); err != nil {
		return err
	}
	c, err := clip(s.cfg, s.params, grads, s.trust != nil)
	if err != nil {
		return err
	}
	steps := make([]descentStep[T], len(s.params))
	for i := range steps {
		steps[i] = s.factors(i, r, c)
	}
	if s.count != nil {
		s.count[0] = 1 // what matters is that a step was taken
	}
	forChunks(s.params, s.cfg.Threads, func(i, from, to int) {
		p, g := s.params[i].Data[from:to], c.clamped(grads[i][from:to])
		if s.buffers == nil {
			steps[i].plain(p, g)
			return
		}
		steps[i].withMomentum(p, g, s.buffers[i][from:to])
	})
	return nil
}

// factors finds the step of tensor i.
func (s *descent[T]) factors(i int, r Rates, c clipping[T]) descentStep[T] {
	group := s.params[i].Group
	lr, decay, ratio := group.lr(r.LR), group.decay(r.WeightDecay), 1.
	if s.trust != nil && group.Adapt {
		ratio, decay = s.trust(s.cfg, c.sums[i], c.factor(i), decay, lr)
	}
	s.ratios[i] = ratio
	step := descentStep[T]{
		grad: T(ratio * c.factor(i)), decay: T(ratio * decay), in: 1, out: T(lr),
		momentum: T(s.cfg.Momentum), nesterov: s.cfg.Nesterov,
	}
	if s.count != nil && s.count[0] > 0 {
		step.in = T(1 - s.cfg.Dampening)
	}
	if s.cfg.Name == LARS {
		step.in, step.out = step.in*T(lr), 1
	}
	return step
}

func (s descentStep[T]) plain(p, g []T) {
	g = g[:len(p)]
	rate := s.in * s.out
	for j, w := range p {
		p[j] = w - rate*(g[j]*s.grad+s.decay*w)
	}
}

func (s descentStep[T]) withMomentum(p, g, buffer []T) {
	g, buffer = g[:len(p)], buffer[:len(p)]
	if s.nesterov {
		for j, w := range p {
			d := s.in * (g[j]*s.grad + s.decay*w)
			b := s.momentum*buffer[j] + d
			buffer[j] = b
			p[j] = w - s.out*(d+s.momentum*b)
		}
		return
	}
	for j, w := range p {
		b := s.momentum*buffer[j] + s.in*(g[j]*s.grad+s.decay*w)
		buffer[j] = b
		p[j] = w - s.out*b
	}
}

// TrustRatios are the factors that layer-wise scaling gave each tensor in the
// last step, 1 where it does not apply.
func (s *descent[T]) TrustRatios() []float64 { return s.ratios }

// State implements OptimizerOf.
func (s *descent[T]) State() []StateOf[T] {
	var states []StateOf[T]
	if s.count != nil {
		states = append(states, StateOf[T]{"step", s.count})
	}
	for i, b := range s.buffers {
		states = append(states, StateOf[T]{s.params[i].Name + ".momentum_buffer", b})
	}
	return states
}
