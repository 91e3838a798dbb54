package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// goDropout draws by element number, whatever the threads.
func goDropout[T float](op device.OpDesc, threads int) (goKernel, error) {
	if !op.Train {
		return goKernel{reuse: true, run: copyBytes}, nil
	}
	attrs := op.Attrs.(device.DropoutAttrs)
	scale := T(attrs.Scale())
	return goKernel{reuse: true, run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		keeps := attrs.Keeps(slice[int32](a.In[1])[0])
		parallelRanges(threads, len(out)/attrs.Run, 1+grain/attrs.Run, func(from, to int) {
			for i := from; i < to; i++ {
				row := out[i*attrs.Run : (i+1)*attrs.Run]
				if keeps(uint32(i)) {
					mulScalar(row, x[i*attrs.Run:(i+1)*attrs.Run], scale)
				} else {
					clear(row)
				}
			}
		})
		return nil
	}}, nil
}
