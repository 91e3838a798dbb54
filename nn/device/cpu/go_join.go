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

// sliced is a slice of an axis as runs: outer times, count runs of size
// elements, step apart in the longer tensor.
type sliced struct{ outer, outerStep, from, count, step, size int }

func slicedOf(long, short []int, s device.SliceAttrs) sliced {
	outer, inner, run := around(long, s.Axis)
	if s.Step == 1 {
		return sliced{outer, run, s.From * inner, 1, 0, short[s.Axis] * inner}
	}
	return sliced{outer, run, s.From * inner, short[s.Axis], s.Step * inner, inner}
}

// each calls f with where a run starts in the longer and the shorter tensor.
func (s *sliced) each(f func(long, short int)) {
	for o := range s.outer {
		for i := range s.count {
			f(o*s.outerStep+s.from+i*s.step, (o*s.count+i)*s.size)
		}
	}
}

func goSlice[T float](op device.OpDesc, _ int) (goKernel, error) {
	s := slicedOf(op.In[0].Shape, op.Out.Shape, op.Attrs.(device.SliceAttrs))
	return goKernel{run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		s.each(func(long, short int) { copy(out[short:short+s.size], x[long:]) })
		return nil
	}}, nil
}

// goSliceGrad writes dy where it was taken from, zeros elsewhere.
func goSliceGrad[T float](op device.OpDesc, _ int) (goKernel, error) {
	s := slicedOf(op.Out.Shape, op.In[0].Shape, op.Attrs.(device.SliceAttrs))
	return goKernel{run: func(a *device.Args) error {
		dy, dx := slice[T](a.In[0]), slice[T](a.Out)
		clear(dx)
		s.each(func(long, short int) { copy(dx[long:long+s.size], dy[short:]) })
		return nil
	}}, nil
}
