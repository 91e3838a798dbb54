package cpu

import (
	"github.com/clvid/clvid/nn/device"
)

// arithmetic is an operation on two numbers, in three forms: both operands are
// runs, the second is one number, the first is. out may be either run.
type arithmetic[T float] struct {
	runs   func(out, a, b []T)
	scalar func(out, a []T, b T)
	turned func(out, b []T, a T)
}

// goBinary combines broadcast operands. Axes along which both operands behave
// alike count as one, so that equal shapes and scalars are one long run.
func goBinary[T float](f arithmetic[T]) builder {
	return func(op device.OpDesc, threads int) (goKernel, error) {
		p := pairingOf(op.Out.Shape, op.In[0].Shape, op.In[1].Shape)
		return goKernel{reuse: true, run: func(args *device.Args) error {
			a, b, out := slice[T](args.In[0]), slice[T](args.In[1]), slice[T](args.Out)
			p.each(threads, func(o, i, j, n int) {
				switch {
				case p.runA && p.runB:
					f.runs(out[o:o+n], a[i:i+n], b[j:j+n])
				case p.runA:
					f.scalar(out[o:o+n], a[i:i+n], b[j])
				default:
					f.turned(out[o:o+n], b[j:j+n], a[i])
				}
			})
			return nil
		}}, nil
	}
}

// pairing walks the output of a broadcast operation in runs along its last
// axis, after axes were joined.
type pairing struct {
	outer            []int // sizes of the axes but the last
	strideA, strideB []int // of the outer axes, 0 where an operand is repeated
	run              int   // elements of a run
	runA, runB       bool  // whether operands advance within a run; at least one does
}

func pairingOf(out, a, b []int) pairing {
	var sizes []int
	var alongA, alongB []bool
	for i, d := range out {
		inA, inB := alignedSize(a, i, len(out)) == d, alignedSize(b, i, len(out)) == d
		last := len(sizes) - 1
		switch {
		case d == 1:
		case last >= 0 && alongA[last] == inA && alongB[last] == inB:
			sizes[last] *= d
		default:
			sizes, alongA, alongB = append(sizes, d), append(alongA, inA), append(alongB, inB)
		}
	}
	if len(sizes) == 0 {
		return pairing{run: 1, runA: true, runB: true}
	}
	last := len(sizes) - 1
	p := pairing{outer: sizes[:last], run: sizes[last], runA: alongA[last], runB: alongB[last]}
	p.strideA, p.strideB = strides(sizes, alongA), strides(sizes, alongB)
	return p
}

// alignedSize is the size of axis i of rank once shape is aligned at the last.
func alignedSize(shape []int, i, rank int) int {
	if i -= rank - len(shape); i >= 0 {
		return shape[i]
	}
	return 1
}

// strides are those of all axes but the last, in an operand that has the axes
// marked in along.
func strides(sizes []int, along []bool) []int {
	s, step := make([]int, len(sizes)), 1
	for i := len(sizes) - 1; i >= 0; i-- {
		if along[i] {
			s[i] = step
			step *= sizes[i]
		}
	}
	return s[:len(sizes)-1]
}

// each calls f with the positions in out, a and b of a run of n elements. Long
// runs are split, short ones share a task.
func (p *pairing) each(threads int, f func(out, a, b, n int)) {
	rows := 1
	for _, d := range p.outer {
		rows *= d
	}
	pieces := max(1, (p.run+grain-1)/grain)
	parallelRanges(threads, rows*pieces, 1+grain/max(1, p.run), func(from, to int) {
		for task := from; task < to; task++ {
			row, at := task/pieces, task%pieces*grain
			a, b := p.offsets(row)
			if p.runA {
				a += at
			}
			if p.runB {
				b += at
			}
			f(row*p.run+at, a, b, min(grain, p.run-at))
		}
	})
}

// offsets are where a run starts in a and b.
func (p *pairing) offsets(row int) (a, b int) {
	for i := len(p.outer) - 1; i >= 0; i-- {
		at := row % p.outer[i]
		row /= p.outer[i]
		a += at * p.strideA[i]
		b += at * p.strideB[i]
	}
	return a, b
}

// goBroadcast repeats x to the output's shape.
func goBroadcast[T float](op device.OpDesc, threads int) (goKernel, error) {
	p := pairingOf(op.Out.Shape, op.In[0].Shape, op.Out.Shape)
	return goKernel{run: func(args *device.Args) error {
		x, out := slice[T](args.In[0]), slice[T](args.Out)
		p.each(threads, func(o, i, _, n int) {
			if p.runA {
				copy(out[o:o+n], x[i:i+n])
			} else {
				fillSlice(out[o:o+n], x[i])
			}
		})
		return nil
	}}, nil
}

func addSlices[T float](out, a, b []T) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] + b[i]
	}
}

func subSlices[T float](out, a, b []T) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] - b[i]
	}
}

func mulSlices[T float](out, a, b []T) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] * b[i]
	}
}

func divSlices[T float](out, a, b []T) {
	a, b = a[:len(out)], b[:len(out)]
	for i := range out {
		out[i] = a[i] / b[i]
	}
}

func addScalar[T float](out, a []T, b T) {
	a = a[:len(out)]
	for i := range out {
		out[i] = a[i] + b
	}
}

func subScalar[T float](out, a []T, b T) { addScalar(out, a, -b) }

func subFromScalar[T float](out, b []T, a T) {
	b = b[:len(out)]
	for i := range out {
		out[i] = a - b[i]
	}
}

func mulScalar[T float](out, a []T, b T) {
	a = a[:len(out)]
	for i := range out {
		out[i] = a[i] * b
	}
}

func divScalar[T float](out, a []T, b T) {
	a = a[:len(out)]
	for i := range out {
		out[i] = a[i] / b
	}
}

func divByScalar[T float](out, b []T, a T) {
	b = b[:len(out)]
	for i := range out {
		out[i] = a / b[i]
	}
}
