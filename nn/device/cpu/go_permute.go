package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// goPermute copies runs along the last axis of the output, whose elements lie
// one stride apart in the input. Axes that stay neighbours count as one.
func goPermute[T float](op device.OpDesc, threads int) (goKernel, error) {
	outer, steps, run, stride := permutation(op.In[0].Shape, op.Attrs.(device.PermuteAttrs).Axes)
	rows := 1
	for _, d := range outer {
		rows *= d
	}
	return goKernel{run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		if len(out) == 0 {
			return nil
		}
		parallelRanges(threads, rows, 1+grain/run, func(from, to int) {
			for row := from; row < to; row++ {
				at, rest := 0, row
				for i := len(outer) - 1; i >= 0; i-- {
					at += rest % outer[i] * steps[i]
					rest /= outer[i]
				}
				gather(out[row*run:(row+1)*run], x[at:], stride)
			}
		})
		return nil
	}}, nil
}

// permutation gives the axes of the output as sizes and strides in the input,
// neighbours joined: all but the last, and the last.
func permutation(in, axes []int) (outer, steps []int, run, stride int) {
	strides, step := make([]int, len(in)), 1
	for i := len(in) - 1; i >= 0; i-- {
		strides[i] = step
		step *= in[i]
	}
	for _, a := range axes {
		last := len(outer) - 1
		switch {
		case in[a] == 1:
		case last >= 0 && steps[last] == strides[a]*in[a]:
			outer[last], steps[last] = outer[last]*in[a], strides[a]
		default:
			outer, steps = append(outer, in[a]), append(steps, strides[a])
		}
	}
	if len(outer) == 0 {
		return nil, nil, 1, 1
	}
	last := len(outer) - 1
	return outer[:last], steps[:last], outer[last], steps[last]
}
