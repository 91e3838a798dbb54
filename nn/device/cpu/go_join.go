package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// goConcat copies runs: everything behind the axis is contiguous.
func goConcat[T float](op device.OpDesc, _ int) (goKernel, error) {
	axis := op.Attrs.(device.ConcatAttrs).Axis
	outer, _, run := around(op.Out.Shape, axis)
	return goKernel{run: func(a *device.Args) error {
		out, at := slice[T](a.Out), 0
		for i, t := range op.In {
			_, _, size := around(t.Shape, axis)
			x := slice[T](a.In[i])
			for o := range outer {
				copy(out[o*run+at:o*run+at+size], x[o*size:(o+1)*size])
			}
			at += size
		}
		return nil
	}}, nil
}

// around gives, for an axis, the number of positions before it, the elements
// of one step along it, and of all of it.
func around(shape []int, axis int) (outer, inner, run int) {
	outer, inner = 1, 1
	for _, d := range shape[:axis] {
		outer *= d
	}
	for _, d := range shape[axis+1:] {
		inner *= d
	}
	return outer, inner, inner * shape[axis]
}

func goSlice[T float](op device.OpDesc, _ int) (goKernel, error) {
	s := op.Attrs.(device.SliceAttrs)
	outer, inner, run := around(op.In[0].Shape, s.Axis)
	from, size := s.From*inner, (s.To-s.From)*inner
	return goKernel{run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		for o := range outer {
			copy(out[o*size:(o+1)*size], x[o*run+from:])
		}
		return nil
	}}, nil
}

// goSliceGrad writes dy where it was taken from, zeros elsewhere.
func goSliceGrad[T float](op device.OpDesc, _ int) (goKernel, error) {
	s := op.Attrs.(device.SliceAttrs)
	outer, inner, run := around(op.Out.Shape, s.Axis)
	from, size := s.From*inner, (s.To-s.From)*inner
	return goKernel{run: func(a *device.Args) error {
		dy, dx := slice[T](a.In[0]), slice[T](a.Out)
		clear(dx)
		for o := range outer {
			copy(dx[o*run+from:o*run+from+size], dy[o*size:(o+1)*size])
		}
		return nil
	}}, nil
}
