package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// padding is the geometry of Pad: rows along the last axis.
type padding struct {
	in, out, before []int // of the axes but the last
	rows            int
	inRun, run      int // sizes of the last axis
	shift           int // elements before it
}

func paddingOf(in, out []int, a device.PadAttrs) padding {
	last := len(in) - 1
	p := padding{in: in[:last], out: out[:last], before: a.Before[:last],
		inRun: in[last], run: out[last], shift: a.Before[last]}
	p.rows, _ = rowsAndColumns(out)
	return p
}

// source is the input row that an output row shows, -1 for padding.
func (p *padding) source(row int) int {
	at, step := 0, 1
	for i := len(p.out) - 1; i >= 0; i-- {
		k := row%p.out[i] - p.before[i]
		if row /= p.out[i]; k < 0 || k >= p.in[i] {
			return -1
		}
		at += k * step
		step *= p.in[i]
	}
	return at
}

func goPad[T float](op device.OpDesc, threads int) (goKernel, error) {
	attrs := op.Attrs.(device.PadAttrs)
	if len(op.Out.Shape) == 0 {
		return goKernel{run: copyBytes}, nil
	}
	p, value := paddingOf(op.In[0].Shape, op.Out.Shape, attrs), T(attrs.Value)
	from := min(p.run, max(0, p.shift))
	to := max(from, min(p.run, p.shift+p.inRun))
	return goKernel{run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		rowKernel(threads, p.rows, p.run, func(r int) {
			row := out[r*p.run : (r+1)*p.run]
			source := p.source(r)
			if source < 0 || from == to {
				fillSlice(row, value)
				return
			}
			fillSlice(row[:from], value)
			copy(row[from:to], x[source*p.inRun+from-p.shift:])
			fillSlice(row[to:], value)
		})
		return nil
	}}, nil
}
