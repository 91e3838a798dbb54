package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// tap is an element of one axis and its weight.
type tap struct {
	at     int
	weight float64
}

// tapsOf lists, for each output of an axis, what it is made of.
func tapsOf(in, out int, linear bool) [][]tap {
	taps := make([][]tap, out)
	for o := range taps {
		if !linear {
			taps[o] = []tap{{o * in / out, 1}}
			continue
		}
		place := max(0, (float64(o)+.5)*float64(in)/float64(out)-.5)
		first := min(int(place), in-1)
		taps[o] = []tap{{first, 1}}
		if second := place - float64(first); second > 0 && first+1 < in {
			taps[o] = []tap{{first, 1 - second}, {first + 1, second}}
		}
	}
	return taps
}

// resizing is the geometry of Interpolate on one plane.
type resizing struct {
	planes  planes // of the input
	in, out [3]int
	taps    [3][][]tap
}

func resizingOf(in, out device.Type, a device.InterpolateAttrs) resizing {
	r := resizing{planes: planesOf(in), in: lastAxes(in.Shape[2:], 1), out: lastAxes(out.Shape[2:], 1)}
	for i := range r.taps {
		r.taps[i] = tapsOf(r.in[i], r.out[i], a.Linear)
	}
	return r
}

// each calls f for every output of a plane and every input it is made of.
func (r *resizing) each(f func(out, in int, weight float64)) {
	out := 0
	for _, ts := range r.taps[0] {
		for _, hs := range r.taps[1] {
			for _, ws := range r.taps[2] {
				for _, t := range ts {
					for _, h := range hs {
						for _, w := range ws {
							f(out, (t.at*r.in[1]+h.at)*r.in[2]+w.at, t.weight*h.weight*w.weight)
						}
					}
				}
				out++
			}
		}
	}
}

// goInterpolate: a task is one plane.
func goInterpolate[T float](op device.OpDesc, threads int) (goKernel, error) {
	r := resizingOf(op.In[0], op.Out, op.Attrs.(device.InterpolateAttrs))
	size := volume(r.out)
	return goKernel{run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		parallel(threads, r.planes.n*r.planes.c, func(_, p int) {
			src, dst := x[p*r.planes.size:], out[p*size:(p+1)*size]
			clear(dst)
			r.each(func(o, i int, w float64) { dst[o] += T(w) * src[i] })
		})
		return nil
	}}, nil
}

func goInterpolateGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	r := resizingOf(op.Out, op.In[0], op.Attrs.(device.InterpolateAttrs))
	size := volume(r.out)
	return goKernel{run: func(a *device.Args) error {
		dy, dx := slice[T](a.In[0]), slice[T](a.Out)
		parallel(threads, r.planes.n*r.planes.c, func(_, p int) {
			src, dst := dy[p*size:], dx[p*r.planes.size:(p+1)*r.planes.size]
			clear(dst)
			r.each(func(o, i int, w float64) { dst[i] += T(w) * src[o] })
		})
		return nil
	}}, nil
}
