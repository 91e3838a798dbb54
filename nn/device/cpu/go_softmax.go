package cpu

import (
	"math"

	"github.com/clvid/clvid/nn/device"
)

// line is the elements of x along one axis: n of them, stride apart.
type line struct{ at, stride, n int }

// lines calls f for each line along an axis of a shape.
func lines(threads int, shape []int, axis int, f func(l line)) {
	outer, inner, run := around(shape, axis)
	n := shape[axis]
	parallelRanges(threads, outer*inner, 1+grain/max(n, 1), func(from, to int) {
		for i := from; i < to; i++ {
			f(line{at: i/inner*run + i%inner, stride: inner, n: n})
		}
	})
}

// each calls f for the positions of a line.
func (l line) each(f func(i int)) {
	for k := range l.n {
		f(l.at + k*l.stride)
	}
}

// goSoftmax sums in float64.
func goSoftmax[T float](op device.OpDesc, threads int) (goKernel, error) {
	s := op.Attrs.(device.SoftmaxAttrs)
	return goKernel{reuse: true, run: func(a *device.Args) error {
		x, y := slice[T](a.In[0]), slice[T](a.Out)
		lines(threads, op.Out.Shape, s.Axis, func(l line) {
			log := lineLogSumExp(l, x)
			l.each(func(i int) {
				v := float64(x[i]) - log
				if !s.Log {
					v = math.Exp(v)
				}
				y[i] = T(v)
			})
		})
		return nil
	}}, nil
}

func lineLogSumExp[T float](l line, x []T) float64 {
	top := math.Inf(-1)
	l.each(func(i int) { top = max(top, float64(x[i])) })
	var sum float64
	l.each(func(i int) { sum += math.Exp(float64(x[i]) - top) })
	return top + math.Log(sum)
}

// goSoftmaxGrad: with s the softmax, dx = s·(dy - Σdy·s), or of the logarithm
// dy - s·Σdy.
func goSoftmaxGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	s := op.Attrs.(device.SoftmaxAttrs)
	grad := softmaxLineGrad[T]
	if s.Log {
		grad = logSoftmaxLineGrad[T]
	}
	return goKernel{reuse: true, run: func(a *device.Args) error {
		dy, y, dx := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out)
		lines(threads, op.Out.Shape, s.Axis, func(l line) { grad(l, dx, dy, y) })
		return nil
	}}, nil
}

func softmaxLineGrad[T float](l line, dx, dy, y []T) {
	var dot float64
	l.each(func(i int) { dot += float64(dy[i]) * float64(y[i]) })
	l.each(func(i int) { dx[i] = T(float64(y[i]) * (float64(dy[i]) - dot)) })
}

func logSoftmaxLineGrad[T float](l line, dx, dy, y []T) {
	var total float64
	l.each(func(i int) { total += float64(dy[i]) })
	l.each(func(i int) { dx[i] = T(float64(dy[i]) - math.Exp(float64(y[i]))*total) })
}
