package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// goMaxPool handles one plane a task. Of equal elements the first wins; NaN
// wins over all.
func goMaxPool[T float](op device.OpDesc, threads int) (goKernel, error) {
	a := op.Attrs.(device.PoolAttrs)
	w := windowOf(op.In[0].Shape, a.Kernel, op.Out.Shape, a.Stride, a.Pad, nil)
	from, to := planesOf(op.In[0]), planesOf(op.Out)
	return goKernel{run: func(args *device.Args) error {
		x, y, index := slice[T](args.In[0]), slice[T](args.Out), slice[int32](args.Saved[0])
		parallel(threads, to.n*to.c, func(_, i int) {
			maxPoolPlane(&w, plane(to, y, 0, i), plane(to, index, 0, i), plane(from, x, 0, i))
		})
		return nil
	}}, nil
}

func maxPoolPlane[T float](w *window, y []T, index []int32, x []T) {
	for o := range y {
		t, h, c := o/(w.out[1]*w.out[2]), o/w.out[2]%w.out[1], o%w.out[2]
		best := -1
		w.inside(0, t, func(it int) {
			w.inside(1, h, func(ih int) {
				w.inside(2, c, func(iw int) {
					at := (it*w.in[1]+ih)*w.in[2] + iw
					if best < 0 || x[at] > x[best] || x[at] != x[at] {
						best = at
					}
				})
			})
		})
		y[o], index[o] = x[best], int32(best)
	}
}

// inside calls f with the positions along an axis that output o covers,
// without padding.
func (w *window) inside(axis, o int, f func(at int)) {
	first := w.source(axis, o, 0)
	for at := max(0, first); at < min(w.in[axis], first+w.kernel[axis]); at++ {
		f(at)
	}
}

func goMaxPoolGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	from, to := planesOf(op.In[0]), planesOf(op.Out)
	return goKernel{run: func(a *device.Args) error {
		dy, index, dx := slice[T](a.In[0]), slice[int32](a.Reads[0]), slice[T](a.Out)
		parallel(threads, to.n*to.c, func(_, i int) {
			dst := plane(to, dx, 0, i)
			clear(dst)
			at := plane(from, index, 0, i)
			for j, d := range plane(from, dy, 0, i) {
				dst[at[j]] += d
			}
		})
		return nil
	}}, nil
}
