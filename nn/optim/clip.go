package optim

import (
	"fmt"
	"math"
)

// sums are the inner products of one tensor's gradient g and values w, taken in
// float64: all that clipping by norms and layer-wise scaling need, in one pass.
type sums struct{ gg, gw, ww float64 }

// measure sums over chunks, which are added in order. Gradients are clamped to
// [-limit, limit] first, where limit is above 0.
func measure[T Float](params []ParamOf[T], grads [][]T, threads int, c clipping[T]) []sums {
	work := chunks(sizes(grads))
	parts := make([]sums, len(work))
	run(len(work), threads, func(k int) {
		at := work[k]
		parts[k] = products(c.clamped(grads[at.tensor][at.from:at.to]), params[at.tensor].Data[at.from:at.to])
	})
	total := make([]sums, len(grads))
	for k, p := range parts {
		s := &total[work[k].tensor]
		s.gg, s.gw, s.ww = s.gg+p.gg, s.gw+p.gw, s.ww+p.ww
	}
	return total
}

func products[T Float](g, w []T) (s sums) {
	w = w[:len(g)]
	for j := range g {
		x, y := float64(g[j]), float64(w[j])
		s.gg += x * x
		s.gw += x * y
		s.ww += y * y
	}
	return s
}

func sizes[T Float](tensors [][]T) []int {
	n := make([]int, len(tensors))
	for i, t := range tensors {
		n[i] = len(t)
	}
	return n
}

// clipping is what a step does to gradients before it uses them.
type clipping[T Float] struct {
	limit   T         // of the magnitude of every element; 0 is none
	factors []float64 // of each tensor; nil: 1
	sums    []sums    // of each tensor before the factors; nil where nobody asked
}

// clip finds the clipping of a step: elements first, then the norm of each
// tensor, then the norm of all together. With measured set the sums are taken
// in any case. A norm that is not finite is an error: no factor mends it.
func clip[T Float](c Config, params []ParamOf[T], grads [][]T, measured bool) (clipping[T], error) {
	out := clipping[T]{limit: T(c.ClipValue)}
	if !measured && c.ClipNorm == 0 && c.ClipTensorNorm == 0 {
		return out, nil
	}
	out.sums = measure(params, grads, c.Threads, out)
	norms := make([]float64, len(out.sums))
	for i, s := range out.sums {
		norms[i] = math.Sqrt(s.gg)
		if !finite(s.gg) {
			return out, fmt.Errorf("optim: the norm of the gradients is %v, at %q: lower optimizer.lr or raise the temperature", norms[i], params[i].Name)
		}
		if measured && !finite(s.ww) {
			return out, fmt.Errorf("optim: the norm of %q is %v: lower optimizer.lr", params[i].Name, math.Sqrt(s.ww))
		}
	}
	out.factors = ClipFactors(norms, c.ClipTensorNorm, c.ClipNorm)
	return out, nil
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// factor is that of tensor i.
func (c clipping[T]) factor(i int) float64 {
	if c.factors == nil {
		return 1
	}
	return c.factors[i]
}

// clamped returns g, or a copy within the limit: gradients are only read.
func (c clipping[T]) clamped(g []T) []T {
	if c.limit == 0 {
		return g
	}
	out := make([]T, len(g))
	for j, v := range g {
		out[j] = min(max(v, -c.limit), c.limit)
	}
	return out
}

// Norms returns the Euclidean norm of each tensor, summed in float64.
func Norms[T Float](tensors [][]T) []float64 {
	params := make([]ParamOf[T], len(tensors))
	for i, t := range tensors {
		params[i].Data = t
	}
	norms := make([]float64, len(tensors))
	for i, s := range measure(params, tensors, 0, clipping[T]{}) {
		norms[i] = math.Sqrt(s.gg)
	}
	return norms
}

// ClipFactors returns what each gradient is to be multiplied by so that its norm
// is at most each (DINO's clip_gradients) and the norm of all together at most
// all; 0 is no limit. Norms are finite.
func ClipFactors(norms []float64, each, all float64) []float64 {
	factors := make([]float64, len(norms))
	square := 0.
	for i, n := range norms {
		factors[i] = within(n, each)
		square += n * n * factors[i] * factors[i]
	}
	common := within(math.Sqrt(square), all)
	for i := range factors {
		factors[i] *= common
	}
	return factors
}

// within is the factor that brings norm down to limit. The 1e-6 is that of
// PyTorch's clip_grad_norm_, for comparable runs.
func within(norm, limit float64) float64 {
	if limit == 0 {
		return 1
	}
	return math.Min(1, limit/(norm+1e-6))
}
