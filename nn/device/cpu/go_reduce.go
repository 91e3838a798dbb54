package cpu

import (
	"math"
	"slices"

	"github.com/clvid/clvid/nn/device"
)

// accumulators is the number of outputs of one task of a reduction whose last
// axis stays.
const accumulators = 256

// reduction is the geometry of reducing axes, neighbours of one sort joined.
// Where the last axis goes, an output sums whole runs along it; where it
// stays, outputs that lie side by side are summed together.
type reduction struct {
	kept    []int // sizes of the axes that stay, without a last one that stays
	steps   []int // their strides in the input
	offsets []int // of all runs that fall together
	run     int   // elements of a run
	last    bool  // the last axis stays
	count   int   // inputs to an output
}

func reductionOf(shape, axes []int) reduction {
	var sizes []int
	var goes []bool
	for i, d := range shape {
		g := slices.Contains(axes, i)
		last := len(sizes) - 1
		switch {
		case d == 1:
		case last >= 0 && goes[last] == g:
			sizes[last] *= d
		default:
			sizes, goes = append(sizes, d), append(goes, g)
		}
	}
	r := reduction{run: 1, offsets: []int{0}, count: 1}
	step := 1
	for i := len(sizes) - 1; i >= 0; i-- {
		switch {
		case i == len(sizes)-1:
			r.run, r.last = sizes[i], !goes[i]
		case goes[i]:
			r.offsets = repeatOffsets(r.offsets, sizes[i], step)
		default:
			r.kept, r.steps = append(r.kept, sizes[i]), append(r.steps, step)
		}
		if goes[i] {
			r.count *= sizes[i]
		}
		step *= sizes[i]
	}
	return r
}

// repeatOffsets puts n copies of offsets after each other, step apart.
func repeatOffsets(offsets []int, n, step int) []int {
	var all []int
	for i := range n {
		for _, o := range offsets {
			all = append(all, o+i*step)
		}
	}
	return all
}

// each calls f for blocks of outputs [out, out+n), whose first inputs start
// at in; further ones lie offsets behind.
func (r *reduction) each(threads int, f func(out, in, n int)) {
	rows := 1
	for _, d := range r.kept {
		rows *= d
	}
	width, pieces := 1, 1
	if r.last {
		width = r.run
		pieces = (width + accumulators - 1) / accumulators
	}
	work := len(r.offsets) * r.run / pieces
	parallelRanges(threads, rows*pieces, 1+grain/max(1, work), func(from, to int) {
		for task := from; task < to; task++ {
			row, at := task/pieces, task%pieces*accumulators
			f(row*width+at, r.start(row)+at, min(accumulators, width-at))
		}
	})
}

// start is where the first run of a row of outputs starts.
func (r *reduction) start(row int) int {
	at := 0
	for i, d := range r.kept { // last axis first
		at += row % d * r.steps[i]
		row /= d
	}
	return at
}

// over gives f all runs x[from:to) of a block of outputs whose first input is
// at in. Where the last axis goes, all of a run falls on acc[0], else element
// i falls on acc[i].
func (r *reduction) over(acc []float64, in int, f func(acc []float64, from, to int)) {
	length := r.run
	if r.last {
		length = len(acc)
	}
	for _, o := range r.offsets {
		f(acc, in+o, in+o+length)
	}
}

// blocks is each with accumulators for the outputs, all 0.
func (r *reduction) blocks(threads int, f func(acc []float64, out, in int)) {
	r.each(threads, func(out, in, n int) {
		var memory [accumulators]float64
		f(memory[:n], out, in)
	})
}

// goReduce reduces in float64.
func goReduce[T float](op device.OpDesc, threads int) (goKernel, error) {
	attrs := op.Attrs.(device.ReduceAttrs)
	r := reductionOf(op.In[0].Shape, attrs.Axes)
	reduce := map[device.ReduceFunc]func(r *reduction, acc []float64, in int, x []T){
		device.ReduceSum: reduceSum[T], device.ReduceMean: reduceMean[T],
		device.ReduceMax: reduceMax[T], device.ReduceLogSumExp: reduceLogSumExp[T],
	}[attrs.Func]
	return goKernel{run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		r.blocks(threads, func(acc []float64, o, in int) {
			reduce(&r, acc, in, x)
			for i, v := range acc {
				out[o+i] = T(v)
			}
		})
		return nil
	}}, nil
}

func reduceSum[T float](r *reduction, acc []float64, in int, x []T) {
	r.over(acc, in, func(acc []float64, from, to int) {
		if !r.last {
			acc[0] += sum(x[from:to])
			return
		}
		for i, v := range x[from:to] {
			acc[i] += float64(v)
		}
	})
}

func reduceMean[T float](r *reduction, acc []float64, in int, x []T) {
	reduceSum(r, acc, in, x)
	for i := range acc {
		acc[i] /= float64(r.count)
	}
}

func reduceMax[T float](r *reduction, acc []float64, in int, x []T) {
	for i := range acc {
		acc[i] = math.Inf(-1)
	}
	r.over(acc, in, func(acc []float64, from, to int) {
		for i, v := range x[from:to] {
			i *= r.step()
			acc[i] = max(acc[i], float64(v))
		}
	})
}

// step is how far outputs advance with the elements of a run: 1 or 0.
func (r *reduction) step() int {
	if r.last {
		return 1
	}
	return 0
}

func reduceLogSumExp[T float](r *reduction, acc []float64, in int, x []T) {
	var memory [accumulators]float64
	top := memory[:len(acc)]
	reduceMax(r, top, in, x)
	r.over(acc, in, func(acc []float64, from, to int) {
		for i, v := range x[from:to] {
			i *= r.step()
			acc[i] += math.Exp(float64(v) - top[i])
		}
	})
	for i, v := range acc {
		acc[i] = top[i]
		if !math.IsInf(top[i], 0) { // of nothing but -Inf it is -Inf
			acc[i] += math.Log(v)
		}
	}
}

// goReduceGrad: dy, x, y -> dx.
func goReduceGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	attrs := op.Attrs.(device.ReduceAttrs)
	r := reductionOf(op.Out.Shape, attrs.Axes)
	grad := logSumExpGrad[T]
	if attrs.Func == device.ReduceMax {
		grad = maxGrad[T]
	}
	return goKernel{run: func(a *device.Args) error {
		dy, x, y, dx := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.In[2]), slice[T](a.Out)
		r.blocks(threads, func(acc []float64, o, in int) { grad(&r, acc, in, dx, x, dy[o:], y[o:]) })
		return nil
	}}, nil
}

// maxGrad shares dy among the places of the maximum.
func maxGrad[T float](r *reduction, acc []float64, in int, dx, x, dy, y []T) {
	r.over(acc, in, func(acc []float64, from, to int) {
		for i, v := range x[from:to] {
			if i *= r.step(); v == y[i] {
				acc[i]++
			}
		}
	})
	r.over(acc, in, func(acc []float64, from, to int) {
		for k, v := range x[from:to] {
			i := k * r.step()
			dx[from+k] = 0
			if v == y[i] {
				dx[from+k] = dy[i] / T(acc[i])
			}
		}
	})
}

// logSumExpGrad is dy times the softmax.
func logSumExpGrad[T float](r *reduction, acc []float64, in int, dx, x, dy, y []T) {
	r.over(acc, in, func(_ []float64, from, to int) {
		for k, v := range x[from:to] {
			i := k * r.step()
			dx[from+k] = T(float64(dy[i]) * math.Exp(float64(v)-float64(y[i])))
		}
	})
}

// goDot sums products in float64.
func goDot[T float](op device.OpDesc, threads int) (goKernel, error) {
	r := reductionOf(op.In[0].Shape, op.Attrs.(device.DotAttrs).Axes)
	return goKernel{run: func(args *device.Args) error {
		a, b, out := slice[T](args.In[0]), slice[T](args.In[1]), slice[T](args.Out)
		r.blocks(threads, func(acc []float64, o, in int) {
			r.over(acc, in, func(acc []float64, from, to int) { addProducts(r.last, acc, a[from:to], b[from:to]) })
			for i, v := range acc {
				out[o+i] = T(v)
			}
		})
		return nil
	}}, nil
}

func addProducts[T float](last bool, acc []float64, a, b []T) {
	if !last {
		acc[0] += dot64(a, b)
		return
	}
	for i, v := range a {
		acc[i] += float64(v) * float64(b[i])
	}
}
