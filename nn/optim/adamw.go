package optim

import "math"

// adamW is Adam with decoupled weight decay (arXiv:1711.05101), in PyTorch's
// order: p *= 1 - lr·decay; m and v follow the gradient and its square;
// p -= lr/(1-beta1^t) · m / (sqrt(v)/sqrt(1-beta2^t) + eps).
type adamW[T Float] struct {
	cfg    Config
	params []ParamOf[T]
	mean   [][]T // m
	square [][]T // v
	count  []T   // t, one number; a T so that it is saved like the rest (exact below 2^24 in float32, where the corrections have long been 1)
}

var _ Optimizer = (*adamW[float32])(nil)

func newAdamW[T Float](c Config, params []ParamOf[T]) *adamW[T] {
	return &adamW[T]{cfg: c, params: params, mean: zerosLike(params), square: zerosLike(params), count: make([]T, 1)}
}

// adamWStep holds one step's factors; root is 1/sqrt(1-beta2^t). The
// complements 1-beta are taken in float64: in float32 they would lose digits.
type adamWStep[T Float] struct{ grad, keep, beta1, rest1, beta2, rest2, rate, root, eps T }

// Step implements OptimizerOf.
func (a *adamW[T]) Step(lr float64, grads [][]T) error {
	factor, err := prepare(a.cfg, lr, a.params, grads)
	if err != nil {
		return err
	}
	a.count[0]++
	t := float64(a.count[0])
	s := adamWStep[T]{
		grad: T(factor), eps: T(a.cfg.Eps),
		beta1: T(a.cfg.Beta1), rest1: T(1 - a.cfg.Beta1), beta2: T(a.cfg.Beta2), rest2: T(1 - a.cfg.Beta2),
		rate: T(lr / (1 - math.Pow(a.cfg.Beta1, t))),
		root: T(1 / math.Sqrt(1-math.Pow(a.cfg.Beta2, t))),
	}
	forChunks(a.params, a.cfg.Threads, func(i, from, to int) {
		s := s
		s.keep = 1
		if a.params[i].Decay {
			s.keep = T(1 - lr*a.cfg.WeightDecay)
		}
		s.update(a.params[i].Data[from:to], grads[i][from:to], a.mean[i][from:to], a.square[i][from:to])
	})
	return nil
}

func (s adamWStep[T]) update(p, g, mean, square []T) {
	for j, w := range p {
		d := g[j] * s.grad
		m := s.beta1*mean[j] + s.rest1*d
		v := s.beta2*square[j] + s.rest2*d*d
		mean[j], square[j] = m, v
		p[j] = w*s.keep - s.rate*m/(T(math.Sqrt(float64(v)))*s.root+s.eps)
	}
}

// State implements OptimizerOf.
func (a *adamW[T]) State() []StateOf[T] {
	states := []StateOf[T]{{"step", a.count}}
	for i, p := range a.params {
		states = append(states, StateOf[T]{p.Name + ".exp_avg", a.mean[i]}, StateOf[T]{p.Name + ".exp_avg_sq", a.square[i]})
	}
	return states
}
