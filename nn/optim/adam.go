package optim

import "math"

// adam is Adam (arXiv:1412.6980), whose weight decay is added to the gradient,
// and AdamW (arXiv:1711.05101), which keeps it apart, in PyTorch's order:
// p *= 1 - lr·decay; m and v follow the gradient and its square;
// p -= lr/(1-beta1^t) · m / (sqrt(v)/sqrt(1-beta2^t) + eps).
type adam[T Float] struct {
	cfg    Config
	params []ParamOf[T]
	mean   [][]T // m
	square [][]T // v
	count  []T   // t, one number; a T so that it is saved like the rest (exact below 2^24 in float32, where the corrections have long been 1)
}

var _ Optimizer = (*adam[float32])(nil)

func newAdam[T Float](c Config, params []ParamOf[T]) *adam[T] {
	return &adam[T]{cfg: c, params: params, mean: zerosLike(params), square: zerosLike(params), count: make([]T, 1)}
}

// adamStep holds one step's factors; root is 1/sqrt(1-beta2^t). The
// complements 1-beta are taken in float64: in float32 they would lose digits.
type adamStep[T Float] struct{ grad, decay, keep, beta1, rest1, beta2, rest2, rate, root, eps T }

// Step implements OptimizerOf.
func (a *adam[T]) Step(r Rates, grads [][]T) error {
	if err := checkStep(r, a.params, grads); err != nil {
		return err
	}
	c, err := clip(a.cfg, a.params, grads, false)
	if err != nil {
		return err
	}
	a.count[0]++
	t := float64(a.count[0])
	all := adamStep[T]{
		eps:   T(a.cfg.Eps),
		beta1: T(a.cfg.Beta1), rest1: T(1 - a.cfg.Beta1), beta2: T(a.cfg.Beta2), rest2: T(1 - a.cfg.Beta2),
		root: T(1 / math.Sqrt(1-math.Pow(a.cfg.Beta2, t))),
	}
	correction := 1 - math.Pow(a.cfg.Beta1, t)
	forChunks(a.params, a.cfg.Threads, func(i, from, to int) {
		group, s := a.params[i].Group, all
		lr, decay := group.lr(r.LR), group.decay(r.WeightDecay)
		s.grad, s.keep, s.rate = T(c.factor(i)), 1, T(lr/correction)
		if a.cfg.Name == AdamW {
			s.keep = T(1 - lr*decay)
		} else {
			s.decay = T(decay)
		}
		s.update(a.params[i].Data[from:to], c.clamped(grads[i][from:to]), a.mean[i][from:to], a.square[i][from:to])
	})
	return nil
}

func (s adamStep[T]) update(p, g, mean, square []T) {
	g, mean, square = g[:len(p)], mean[:len(p)], square[:len(p)]
	for j, w := range p {
		d := g[j]*s.grad + s.decay*w
		m := s.beta1*mean[j] + s.rest1*d
		v := s.beta2*square[j] + s.rest2*d*d
		mean[j], square[j] = m, v
		p[j] = w*s.keep - s.rate*m/(T(math.Sqrt(float64(v)))*s.root+s.eps)
	}
}

// State implements OptimizerOf.
func (a *adam[T]) State() []StateOf[T] {
	states := []StateOf[T]{{"step", a.count}}
	for i, p := range a.params {
		states = append(states, StateOf[T]{p.Name + ".exp_avg", a.mean[i]}, StateOf[T]{p.Name + ".exp_avg_sq", a.square[i]})
	}
	return states
}
