package cpu

// window is the geometry of a convolution or pooling over up to three axes,
// T, H, W; missing ones have size 1.
type window struct {
	in, kernel, out, stride, pad, dilation [3]int
}

// windowOf fills the last axes from shapes that start with (N,C).
func windowOf(in, kernel, out, stride, pad, dilation []int) window {
	return window{
		in: lastAxes(in[2:], 1), kernel: lastAxes(kernel, 1), out: lastAxes(out[2:], 1),
		stride: lastAxes(stride, 1), pad: lastAxes(pad, 0), dilation: lastAxes(dilation, 1),
	}
}

func lastAxes(v []int, missing int) [3]int {
	a := [3]int{missing, missing, missing}
	copy(a[3-len(v):], v)
	return a
}

func volume(a [3]int) int { return a[0] * a[1] * a[2] }

// rows is the number of output rows: runs along W.
func (w *window) rows() int { return w.out[0] * w.out[1] }

// source is the input position along an axis for output o and kernel tap k;
// it may lie in the padding.
func (w *window) source(axis, o, k int) int {
	return o*w.stride[axis] - w.pad[axis] + k*w.dilation[axis]
}

// span is the range of outputs along W whose source for tap k is in the input.
func (w *window) span(k int) (from, to int) {
	first := w.pad[2] - k*w.dilation[2] // source is in the input from here on
	from = min(w.out[2], max(0, ceilDiv(first, w.stride[2])))
	to = min(w.out[2], max(from, ceilDiv(first+w.in[2], w.stride[2])))
	return from, to
}

func ceilDiv(a, b int) int {
	if a <= 0 {
		return -(-a / b)
	}
	return (a + b - 1) / b
}

// sourceRow is the offset in the input plane of the row that output row r
// reads for taps kt and kh; ok is false in the padding.
func (w *window) sourceRow(r, kt, kh int) (offset int, ok bool) {
	t, h := w.source(0, r/w.out[1], kt), w.source(1, r%w.out[1], kh)
	if t < 0 || t >= w.in[0] || h < 0 || h >= w.in[1] {
		return 0, false
	}
	return (t*w.in[1] + h) * w.in[2], true
}

// unfold writes, for each tap, the inputs that output rows [r0, r1) read: one
// contiguous run of columns a tap, zeros in the padding.
func unfold[T float](w *window, columns, plane []T, r0, r1 int) {
	width := (r1 - r0) * w.out[2]
	tap := 0
	w.taps(func(kt, kh, kw int) {
		run := columns[tap*width : (tap+1)*width]
		from, to := w.span(kw)
		for r := r0; r < r1; r++ {
			row := run[(r-r0)*w.out[2] : (r-r0+1)*w.out[2]]
			offset, ok := w.sourceRow(r, kt, kh)
			if !ok || from == to {
				clear(row)
				continue
			}
			clear(row[:from])
			gather(row[from:to], plane[offset+w.source(2, from, kw):], w.stride[2])
			clear(row[to:])
		}
		tap++
	})
}

func gather[T float](dst, src []T, stride int) {
	if stride == 1 {
		copy(dst, src)
		return
	}
	for i := range dst {
		dst[i] = src[i*stride]
	}
}

// fold adds columns, laid out as unfold's, back to the plane.
func fold[T float](w *window, plane, columns []T, r0, r1 int) {
	width := (r1 - r0) * w.out[2]
	tap := 0
	w.taps(func(kt, kh, kw int) {
		run := columns[tap*width : (tap+1)*width]
		from, to := w.span(kw)
		for r := r0; r < r1; r++ {
			offset, ok := w.sourceRow(r, kt, kh)
			if !ok || from == to {
				continue
			}
			row := run[(r-r0)*w.out[2]+from : (r-r0)*w.out[2]+to]
			scatter(plane[offset+w.source(2, from, kw):], row, w.stride[2])
		}
		tap++
	})
}

func scatter[T float](dst, src []T, stride int) {
	for i, v := range src {
		dst[i*stride] += v
	}
}

// taps calls f for each position of the kernel in row-major order.
func (w *window) taps(f func(kt, kh, kw int)) {
	for kt := range w.kernel[0] {
		for kh := range w.kernel[1] {
			for kw := range w.kernel[2] {
				f(kt, kh, kw)
			}
		}
	}
}
