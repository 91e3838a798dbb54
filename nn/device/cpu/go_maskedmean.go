package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// goMaskedMean: x (N,L,D), mask (N,L) -> (N,D).
func goMaskedMean[T float](op device.OpDesc, threads int) (goKernel, error) {
	s := op.In[0].Shape
	n, l, d := s[0], s[1], s[2]
	return goKernel{run: func(a *device.Args) error {
		x, mask, out := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out)
		rowKernel(threads, n, l*d, func(r int) {
			row, weights := out[r*d:(r+1)*d], mask[r*l:(r+1)*l]
			clear(row)
			inv := inverse(sum(weights))
			for i, w := range weights {
				axpy(row, w*T(inv), x[(r*l+i)*d:(r*l+i+1)*d])
			}
		})
		return nil
	}}, nil
}

// inverse is 1/v, or 0 for 0: rows without weight average to 0.
func inverse(v float64) float64 {
	if v == 0 {
		return 0
	}
	return 1 / v
}

func goMaskedMeanGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	s := op.Out.Shape
	n, l, d := s[0], s[1], s[2]
	return goKernel{run: func(a *device.Args) error {
		dy, mask, dx := slice[T](a.In[0]), slice[T](a.In[2]), slice[T](a.Out)
		rowKernel(threads, n, l*d, func(r int) {
			weights := mask[r*l : (r+1)*l]
			inv := inverse(sum(weights))
			for i, w := range weights {
				mulScalar(dx[(r*l+i)*d:(r*l+i+1)*d], dy[r*d:(r+1)*d], w*T(inv))
			}
		})
		return nil
	}}, nil
}
