package optim

import "fmt"

// EMA moves average towards values: a = decay·a + (1-decay)·v, the momentum
// encoder of MoCo (arXiv:1911.05722, equation 2). average[i] and values[i]
// have equal sizes; decay is in [0,1].
func EMA[T Float](average, values [][]T, decay float64) error {
	if len(average) != len(values) {
		return fmt.Errorf("optim: ema: %d averages of %d tensors", len(average), len(values))
	}
	sizes := make([]int, len(values))
	for i, v := range values {
		if len(average[i]) != len(v) {
			return fmt.Errorf("optim: ema: average %d has %d elements, want %d", i, len(average[i]), len(v))
		}
		sizes[i] = len(v)
	}
	work, rest := chunks(sizes), T(1-decay)
	run(len(work), 0, func(k int) {
		c := work[k]
		a, v := average[c.tensor][c.from:c.to], values[c.tensor][c.from:c.to]
		for j := range a {
			a[j] += rest * (v[j] - a[j]) // exact where both are equal
		}
	})
	return nil
}
