package cpu

import (
	"math"

	"github.com/clvid/clvid/nn/device"
)

// rowKernel runs f for each row of a matrix (n,d).
func rowKernel(threads, n, d int, f func(row int)) {
	parallelRanges(threads, n, 1+grain/max(d, 1), func(from, to int) {
		for row := from; row < to; row++ {
			f(row)
		}
	})
}

// rowsAndColumns views a shape (…,D) as a matrix.
func rowsAndColumns(shape []int) (n, d int) {
	n = 1
	for _, s := range shape[:len(shape)-1] {
		n *= s
	}
	return n, shape[len(shape)-1]
}

// goNormalize scales rows to length 1.
func goNormalize[T float](op device.OpDesc, threads int) (goKernel, error) {
	n, d := rowsAndColumns(op.Out.Shape)
	eps := op.Attrs.(device.NormalizeAttrs).Eps
	return goKernel{reuse: true, run: func(a *device.Args) error {
		x, y, inv := slice[T](a.In[0]), slice[T](a.Out), slice[T](a.Saved[0])
		rowKernel(threads, n, d, func(r int) {
			row := x[r*d : (r+1)*d]
			inv[r] = T(1 / max(math.Sqrt(dot64(row, row)), eps))
			mulScalar(y[r*d:(r+1)*d], row, inv[r])
		})
		return nil
	}}, nil
}

// goNormalizeGrad: dx = inv·(dy - y·(y·dy)); where eps bounded the norm it is
// a constant and dx = inv·dy.
func goNormalizeGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	n, d := rowsAndColumns(op.Out.Shape)
	bound := T(1 / op.Attrs.(device.NormalizeAttrs).Eps)
	return goKernel{reuse: true, run: func(a *device.Args) error {
		dy, y, inv, dx := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Reads[0]), slice[T](a.Out)
		rowKernel(threads, n, d, func(r int) {
			ds, ys, out := dy[r*d:(r+1)*d], y[r*d:(r+1)*d], dx[r*d:(r+1)*d]
			var along T
			if inv[r] < bound {
				along = T(dot64(ds, ys))
			}
			for i := range out {
				out[i] = inv[r] * (ds[i] - ys[i]*along)
			}
		})
		return nil
	}}, nil
}

// dot64 adds up in float64.
func dot64[T float](x, y []T) float64 {
	var s float64
	for i, v := range x {
		s += float64(v) * float64(y[i])
	}
	return s
}
