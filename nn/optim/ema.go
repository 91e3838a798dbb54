package optim

// EMA moves average towards values, both of one size: a = decay·a +
// (1-decay)·v, the momentum encoder of MoCo (arXiv:1911.05722, equation 2).
// decay is in [0,1].
func EMA[T Float](average, values []T, decay float64) {
	work, rest := chunks([]int{len(values)}), T(1-decay)
	run(len(work), 0, func(k int) {
		a, v := average[work[k].from:work[k].to], values[work[k].from:work[k].to]
		for j := range a {
			a[j] += rest * (v[j] - a[j]) // exact where both are equal
		}
	})
}
