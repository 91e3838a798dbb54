package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// reach is the range [from, to) of inputs along an axis that one output
// covers; an average counts size of them, padding included where it counts.
type reach struct{ from, to, size int }

// reaches has that of every output along T, H and W.
type reaches struct {
	in, out [3]int
	axes    [3][]reach
}

// windowReaches are the reaches of windows of one size.
func windowReaches(in, out device.Type, a device.PoolAttrs) *reaches {
	kernel, stride, pad, padEnd := lastAxes(a.Kernel, 1), lastAxes(a.Stride, 1), lastAxes(a.Pad, 0), lastAxes(a.PadEnd, 0)
	r := &reaches{in: lastAxes(in.Shape[2:], 1), out: lastAxes(out.Shape[2:], 1)}
	for axis := range r.axes {
		for o := range r.out[axis] {
			first := o*stride[axis] - pad[axis]
			w := reach{from: max(0, first), to: min(r.in[axis], first+kernel[axis])}
			w.size = w.to - w.from
			if a.CountPad {
				w.size = min(first+kernel[axis], r.in[axis]+padEnd[axis]) - first
			}
			r.axes[axis] = append(r.axes[axis], w)
		}
	}
	return r
}

// adaptiveReaches divide each axis evenly.
func adaptiveReaches(in, out device.Type) *reaches {
	r := &reaches{in: lastAxes(in.Shape[2:], 1), out: lastAxes(out.Shape[2:], 1)}
	for axis, n := range r.out {
		for o := range n {
			w := reach{from: o * r.in[axis] / n, to: ceilDiv((o+1)*r.in[axis], n)}
			w.size = w.to - w.from
			r.axes[axis] = append(r.axes[axis], w)
		}
	}
	return r
}

// each calls f for every output with its reaches, in row-major order.
func (r *reaches) each(f func(o int, t, h, w reach)) {
	o := 0
	for _, t := range r.axes[0] {
		for _, h := range r.axes[1] {
			for _, w := range r.axes[2] {
				f(o, t, h, w)
				o++
			}
		}
	}
}

// rows calls f with the bounds of each run along W that an output covers.
func (r *reaches) rows(t, h, w reach, f func(from, to int)) {
	for it := t.from; it < t.to; it++ {
		for ih := h.from; ih < h.to; ih++ {
			row := (it*r.in[1] + ih) * r.in[2]
			f(row+w.from, row+w.to)
		}
	}
}

func goMaxPool[T float](op device.OpDesc, threads int) (goKernel, error) {
	return goMaxima[T](op, threads, windowReaches(op.In[0], op.Out, op.Attrs.(device.PoolAttrs)))
}

func goAdaptiveMaxPool[T float](op device.OpDesc, threads int) (goKernel, error) {
	return goMaxima[T](op, threads, adaptiveReaches(op.In[0], op.Out))
}

// goMaxima handles one plane a task. Of equal elements the first wins; NaN
// wins over all.
func goMaxima[T float](op device.OpDesc, threads int, r *reaches) (goKernel, error) {
	from, to := planesOf(op.In[0]), planesOf(op.Out)
	return goKernel{run: func(args *device.Args) error {
		x, y, index := slice[T](args.In[0]), slice[T](args.Out), slice[int32](args.Saved[0])
		parallel(threads, to.n*to.c, func(_, i int) {
			maxPlane(r, plane(to, y, 0, i), plane(to, index, 0, i), plane(from, x, 0, i))
		})
		return nil
	}}, nil
}

func maxPlane[T float](r *reaches, y []T, index []int32, x []T) {
	r.each(func(o int, t, h, w reach) {
		best := -1
		r.rows(t, h, w, func(from, to int) {
			for at := from; at < to; at++ {
				if best < 0 || x[at] > x[best] || x[at] != x[at] {
					best = at
				}
			}
		})
		y[o], index[o] = x[best], int32(best)
	})
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
