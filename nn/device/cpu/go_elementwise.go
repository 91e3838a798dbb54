package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// goUnary maps each element by f, which may work in place.
func goUnary[T float](f func(out, x []T)) builder {
	return func(_ device.OpDesc, threads int) (goKernel, error) {
		return goKernel{reuse: true, run: func(a *device.Args) error {
			x, out := slice[T](a.In[0]), slice[T](a.Out)
			parallelRanges(threads, len(out), grain, func(from, to int) { f(out[from:to], x[from:to]) })
			return nil
		}}, nil
	}
}

// goPairs combines elements of equal shapes by f.
func goPairs[T float](f func(out, a, b []T)) builder {
	return func(_ device.OpDesc, threads int) (goKernel, error) {
		return goKernel{reuse: true, run: func(args *device.Args) error {
			a, b, out := slice[T](args.In[0]), slice[T](args.In[1]), slice[T](args.Out)
			parallelRanges(threads, len(out), grain, func(from, to int) { f(out[from:to], a[from:to], b[from:to]) })
			return nil
		}}, nil
	}
}

func reluSlice[T float](out, x []T) {
	x = x[:len(out)]
	for i := range out {
		out[i] = max(x[i], 0) // NaN stays
	}
}

func reluGradSlices[T float](out, dy, y []T) {
	dy, y = dy[:len(out)], y[:len(out)]
	for i := range out {
		if y[i] > 0 {
			out[i] = dy[i]
		} else {
			out[i] = 0
		}
	}
}

func goScale[T float](op device.OpDesc, threads int) (goKernel, error) {
	factor := T(op.Attrs.(device.ScaleAttrs).Factor)
	return goUnary(func(out, x []T) { mulScalar(out, x, factor) })(op, threads)
}

func goConst[T float](op device.OpDesc, _ int) (goKernel, error) {
	v := T(op.Attrs.(device.ConstAttrs).Value)
	return goKernel{run: func(a *device.Args) error {
		fillSlice(slice[T](a.Out), v)
		return nil
	}}, nil
}

func fillSlice[T float](out []T, v T) {
	for i := range out {
		out[i] = v
	}
}

func sum[T float](x []T) float64 {
	var s float64
	for _, v := range x {
		s += float64(v)
	}
	return s
}
