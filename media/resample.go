package media

import "math"

// resample is the weights of one axis while they are built: for each output,
// weights of consecutive source samples.
type resample []taps

type taps struct {
	first   int
	weights []float64
}

// resizeWeights is the antialiased bilinear filter over [from, from+length) of
// the source, confined to the samples that this interval touches.
func resizeWeights(from, length float64, out int) resample {
	const slack = 1e-6
	lo, hi := int(math.Floor(from+slack)), int(math.Ceil(from+length-slack))
	scale := length / float64(out)
	reach := max(scale, 1)
	r := make(resample, out)
	for i := range r {
		centre := from + (float64(i)+.5)*scale
		first := max(int(math.Floor(centre-reach+.5)), lo)
		end := min(int(math.Floor(centre+reach+.5)), hi)
		r[i] = taps{first, make([]float64, end-first)}
		var sum float64
		for k := range r[i].weights {
			w := max(0, 1-math.Abs((float64(first+k)+.5-centre)/reach))
			r[i].weights[k] = w
			sum += w
		}
		for k := range r[i].weights {
			r[i].weights[k] /= sum
		}
	}
	return r
}

func (r resample) mirror() {
	for i, j := 0, len(r)-1; i < j; i, j = i+1, j-1 {
		r[i], r[j] = r[j], r[i]
	}
}

// throughChroma turns weights of full-size samples into weights of chroma
// samples that are interpolated linearly to full size. size counts the
// full-size samples; site is the place of the first chroma sample among them.
func (r resample) throughChroma(sub uint8, size int, site float32) resample {
	if sub == 0 {
		return r
	}
	last := subsampled(size, sub) - 1
	out := make(resample, len(r))
	for i, t := range r {
		low, _ := chromaPlace(t.first, sub, site)
		high, _ := chromaPlace(t.first+len(t.weights)-1, sub, site)
		first := min(max(low, 0), last)
		out[i] = taps{first, make([]float64, min(high+1, last)-first+1)}
		for k, w := range t.weights {
			at, f := chromaPlace(t.first+k, sub, site)
			out[i].weights[min(max(at, 0), last)-first] += w * (1 - f)
			out[i].weights[min(max(at+1, 0), last)-first] += w * f
		}
	}
	return out
}

// chromaPlace returns the chroma sample at or before luma sample p and the
// share of the next one.
func chromaPlace(p int, sub uint8, site float32) (at int, share float64) {
	place := (float64(p) - float64(site)) / float64(int(1)<<sub)
	floor := math.Floor(place)
	return int(floor), place - floor
}

// axis is a packed resample: the same number of taps for every output.
type axis struct {
	from, to int       // source samples in reach
	taps     int       // for every output
	first    []int32   // first source sample of each output, relative to from
	weights  []float32 // taps for each output
}

// pack pads to equal numbers of taps, within a source of size samples.
func (r resample) pack(size int) axis {
	a := axis{from: size, first: make([]int32, len(r))}
	for _, t := range r {
		a.taps = max(a.taps, len(t.weights))
	}
	if even := (a.taps + 3) / 4 * 4; a.taps > 4 && even <= size {
		a.taps = even // zero weights are cheaper than a loop's rest
	}
	a.weights = make([]float32, a.taps*len(r))
	starts := make([]int, len(r))
	for i, t := range r {
		starts[i] = min(t.first, size-a.taps)
		a.from, a.to = min(a.from, starts[i]), max(a.to, starts[i]+a.taps)
		for k, w := range t.weights {
			a.weights[i*a.taps+t.first-starts[i]+k] = float32(w)
		}
	}
	for i, s := range starts {
		a.first[i] = int32(s - a.from)
	}
	return a
}

// gather applies the axis along a row.
func (a *axis) gather(dst, src []float32) {
	n, weights := a.taps, a.weights
	switch n {
	case 2:
		for x, f := range a.first {
			s, w := src[f:f+2:f+2], weights[2*x:2*x+2:2*x+2]
			dst[x] = s[0]*w[0] + s[1]*w[1]
		}
	case 3:
		for x, f := range a.first {
			s, w := src[f:f+3:f+3], weights[3*x:3*x+3:3*x+3]
			dst[x] = s[0]*w[0] + s[1]*w[1] + s[2]*w[2]
		}
	case 4:
		for x, f := range a.first {
			s, w := src[f:f+4:f+4], weights[4*x:4*x+4:4*x+4]
			dst[x] = s[0]*w[0] + s[1]*w[1] + s[2]*w[2] + s[3]*w[3]
		}
	default:
		if n%4 == 0 {
			a.gatherFours(dst, src)
			return
		}
		for x, f := range a.first {
			var sum float32
			w := weights[n*x:][:n]
			for k, v := range src[f:][:n] {
				sum += v * w[k]
			}
			dst[x] = sum
		}
	}
}

// gatherFours is gather for any multiple of four taps.
func (a *axis) gatherFours(dst, src []float32) {
	weights := a.weights
	for x, f := range a.first {
		var even, odd float32
		s, w := src[f:][:a.taps], weights[:a.taps]
		weights = weights[a.taps:]
		for len(s) >= 4 && len(w) >= 4 {
			even += s[0]*w[0] + s[1]*w[1]
			odd += s[2]*w[2] + s[3]*w[3]
			s, w = s[4:], w[4:]
		}
		dst[x] = even + odd
	}
}

// blend adds up the rows (each len(dst) wide) that output row needs, up to
// four of them at once.
func (a *axis) blend(dst, rows []float32, row int) {
	n := len(dst)
	weights := a.weights[row*a.taps:][:a.taps]
	rows = rows[int(a.first[row])*n:]
	clear(dst)
	for len(weights) >= 4 {
		addFour(dst, rows[:n], rows[n:2*n], rows[2*n:3*n], rows[3*n:4*n], [4]float32(weights))
		weights, rows = weights[4:], rows[4*n:]
	}
	switch len(weights) {
	case 3:
		addThree(dst, rows[:n], rows[n:2*n], rows[2*n:3*n], [3]float32(weights))
	case 2:
		addTwo(dst, rows[:n], rows[n:2*n], [2]float32(weights))
	case 1:
		for x, v := range rows[:n] {
			dst[x] += weights[0] * v
		}
	}
}

func addFour(dst, a, b, c, d []float32, w [4]float32) {
	a, b, c, d = a[:len(dst)], b[:len(dst)], c[:len(dst)], d[:len(dst)]
	for x := range dst {
		dst[x] += w[0]*a[x] + w[1]*b[x] + (w[2]*c[x] + w[3]*d[x])
	}
}

func addThree(dst, a, b, c []float32, w [3]float32) {
	a, b, c = a[:len(dst)], b[:len(dst)], c[:len(dst)]
	for x := range dst {
		dst[x] += w[0]*a[x] + w[1]*b[x] + w[2]*c[x]
	}
}

func addTwo(dst, a, b []float32, w [2]float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for x := range dst {
		dst[x] += w[0]*a[x] + w[1]*b[x]
	}
}
