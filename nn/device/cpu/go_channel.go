package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// planes is a (N,C,…) tensor as N·C runs of size elements.
type planes struct{ n, c, size int }

func planesOf(t device.Type) planes {
	p := planes{n: t.Shape[0], c: t.Shape[1], size: 1}
	for _, d := range t.Shape[2:] {
		p.size *= d
	}
	return p
}

// plane is the run of sample n and channel c.
func plane[T element](p planes, v []T, n, c int) []T {
	at := (n*p.c + c) * p.size
	return v[at : at+p.size]
}

// goAddBias adds b (C) to x (N,C,…).
func goAddBias[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := planesOf(op.Out)
	return goKernel{reuse: true, run: func(a *device.Args) error {
		x, b, out := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out)
		if p.size == 1 {
			parallel(threads, p.n, func(_, n int) {
				addSlices(out[n*p.c:(n+1)*p.c], x[n*p.c:(n+1)*p.c], b)
			})
			return nil
		}
		parallel(threads, p.n*p.c, func(_, task int) {
			n, c := task/p.c, task%p.c
			addScalar(plane(p, out, n, c), plane(p, x, n, c), b[c])
		})
		return nil
	}}, nil
}

// goSumToChannel sums dy (N,C,…) over all axes but 1, in float64.
func goSumToChannel[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := planesOf(op.In[0])
	return goKernel{run: func(a *device.Args) error {
		dy, out := slice[T](a.In[0]), slice[T](a.Out)
		parallel(threads, p.c, func(_, c int) {
			var s float64
			for n := range p.n {
				s += sum(plane(p, dy, n, c))
			}
			out[c] = T(s)
		})
		return nil
	}}, nil
}

// goGlobalMean averages x (N,C,spatial…) to (N,C).
func goGlobalMean[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := planesOf(op.In[0])
	return goKernel{run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		parallelRanges(threads, p.n*p.c, 1+grain/p.size, func(from, to int) {
			for i := from; i < to; i++ {
				out[i] = T(sum(x[i*p.size:(i+1)*p.size]) / float64(p.size))
			}
		})
		return nil
	}}, nil
}

func goGlobalMeanGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := planesOf(op.Out)
	return goKernel{run: func(a *device.Args) error {
		dy, out := slice[T](a.In[0]), slice[T](a.Out)
		parallelRanges(threads, p.n*p.c, 1+grain/p.size, func(from, to int) {
			for i := from; i < to; i++ {
				fillSlice(out[i*p.size:(i+1)*p.size], dy[i]/T(p.size))
			}
		})
		return nil
	}}, nil
}
