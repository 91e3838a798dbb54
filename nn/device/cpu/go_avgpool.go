package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

func goAvgPool[T float](op device.OpDesc, threads int) (goKernel, error) {
	return goAverages[T](op, threads, windowReaches(op.In[0], op.Out, op.Attrs.(device.PoolAttrs)))
}

func goAvgPoolGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	return goAveragesGrad[T](op, threads, windowReaches(op.Out, op.In[0], op.Attrs.(device.PoolAttrs)))
}

func goAdaptiveAvgPool[T float](op device.OpDesc, threads int) (goKernel, error) {
	return goAverages[T](op, threads, adaptiveReaches(op.In[0], op.Out))
}

func goAdaptiveAvgPoolGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	return goAveragesGrad[T](op, threads, adaptiveReaches(op.Out, op.In[0]))
}

// goAverages handles one plane a task and sums in float64.
func goAverages[T float](op device.OpDesc, threads int, r *reaches) (goKernel, error) {
	from, to := planesOf(op.In[0]), planesOf(op.Out)
	return goKernel{run: func(a *device.Args) error {
		x, y := slice[T](a.In[0]), slice[T](a.Out)
		parallel(threads, to.n*to.c, func(_, i int) {
			src, dst := plane(from, x, 0, i), plane(to, y, 0, i)
			r.each(func(o int, t, h, w reach) {
				var s float64
				r.rows(t, h, w, func(from, to int) { s += sum(src[from:to]) })
				dst[o] = T(s / float64(t.size*h.size*w.size))
			})
		})
		return nil
	}}, nil
}

// goAveragesGrad spreads each gradient over its window.
func goAveragesGrad[T float](op device.OpDesc, threads int, r *reaches) (goKernel, error) {
	from, to := planesOf(op.In[0]), planesOf(op.Out)
	return goKernel{run: func(a *device.Args) error {
		dy, dx := slice[T](a.In[0]), slice[T](a.Out)
		parallel(threads, to.n*to.c, func(_, i int) {
			src, dst := plane(from, dy, 0, i), plane(to, dx, 0, i)
			clear(dst)
			r.each(func(o int, t, h, w reach) {
				share := src[o] / T(t.size*h.size*w.size)
				r.rows(t, h, w, func(from, to int) {
					for at := from; at < to; at++ {
						dst[at] += share
					}
				})
			})
		})
		return nil
	}}, nil
}
