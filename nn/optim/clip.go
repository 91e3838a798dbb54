package optim

import (
	"fmt"
	"math"
)

// Norm returns the Euclidean norm of all gradients together, summed in float64.
func Norm[T Float](grads [][]T) float64 {
	sizes := make([]int, len(grads))
	for i, g := range grads {
		sizes[i] = len(g)
	}
	work := chunks(sizes)
	sums := make([]float64, len(work))
	run(len(work), 0, func(k int) {
		for _, v := range grads[work[k].tensor][work[k].from:work[k].to] {
			sums[k] += float64(v) * float64(v)
		}
	})
	total := 0.
	for _, s := range sums {
		total += s
	}
	return math.Sqrt(total)
}

// ClipFactor returns what every gradient is to be multiplied by so that their
// common norm is at most limit, which is above 0. A norm that is not finite is
// an error: no factor mends it.
func ClipFactor[T Float](grads [][]T, limit float64) (float64, error) {
	norm := Norm(grads)
	if math.IsNaN(norm) || math.IsInf(norm, 0) {
		return 0, fmt.Errorf("optim: the norm of the gradients is %v: lower optimizer.lr or raise the temperature", norm)
	}
	// The 1e-6 is that of PyTorch's clip_grad_norm_, for comparable runs.
	return math.Min(1, limit/(norm+1e-6)), nil
}
