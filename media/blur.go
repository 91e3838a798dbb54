package media

import "math"

// Edge says what lies beyond the edge of a picture.
type Edge uint8

const (
	// EdgeRepeat is the last pixel, again and again.
	EdgeRepeat Edge = iota
	// EdgeZero is black (TensorFlow's SAME, SimCLR).
	EdgeZero
	// EdgeReflect mirrors about the last pixel, which does not repeat (torchvision).
	EdgeReflect
)

// at maps a place to one within [0, n), or to -1 for black.
func (e Edge) at(i, n int) int {
	switch {
	case i >= 0 && i < n:
		return i
	case e == EdgeZero:
		return -1
	case e == EdgeRepeat || n == 1:
		return min(max(i, 0), n-1)
	}
	for i < 0 || i >= n { // more than once where the kernel is wider than the picture
		if i < 0 {
			i = -i
		} else {
			i = 2*(n-1) - i
		}
	}
	return i
}

// GaussianKernel returns the middle and the right half of a kernel of 2 radius + 1
// taps that sums to 1; sigma is in pixels, above 0.
func GaussianKernel(radius int, sigma float64) []float32 {
	weights := make([]float64, radius+1)
	sum := 0.
	for k := range weights {
		weights[k] = math.Exp(-float64(k*k) / (2 * sigma * sigma))
		sum += weights[k]
		if k > 0 {
			sum += weights[k]
		}
	}
	kernel := make([]float32, len(weights))
	for k, w := range weights {
		kernel[k] = float32(w / sum)
	}
	return kernel
}

// Blur filters the rows of every frame, then its columns. half is the middle and
// the right half of a symmetric kernel.
func (p Pixels) Blur(half []float32, edge Edge) {
	r := len(half) - 1
	line := make([]float32, p.W+2*r)
	scratch := make([]float32, p.H*p.W)
	black := make([]float32, p.W)
	rows := make([][]float32, p.H+2*r) // with those beyond the edges
	for y := range rows {
		if at := edge.at(y-r, p.H); at >= 0 {
			rows[y] = scratch[at*p.W:][:p.W]
		} else {
			rows[y] = black
		}
	}
	near, far := make([][]float32, r), make([][]float32, r)
	for c := range 3 {
		for t := range p.T {
			plane := p.Plane(c, t)
			for y := range p.H {
				edge.pad(line, plane[y*p.W:][:p.W])
				for k := range r {
					near[k], far[k] = line[r-1-k:][:p.W], line[r+1+k:][:p.W]
				}
				weigh(scratch[y*p.W:][:p.W], line[r:], near, far, half)
			}
			for y := range p.H {
				for k := range r {
					near[k], far[k] = rows[r+y-1-k], rows[r+y+1+k]
				}
				weigh(plane[y*p.W:][:p.W], rows[r+y], near, far, half)
			}
		}
	}
}

// pad writes src into the middle of dst and what lies beyond its edges around it.
func (e Edge) pad(dst, src []float32) {
	r := (len(dst) - len(src)) / 2
	copy(dst[r:], src)
	for i := range r {
		for _, at := range [2]int{i - r, len(src) + i} {
			dst[at+r] = 0
			if from := e.at(at, len(src)); from >= 0 {
				dst[at+r] = src[from]
			}
		}
	}
}

// weigh sums a line and its neighbours on both sides, by distance, up to three
// distances a pass. Sums go from the middle outwards, whatever the pass.
func weigh(dst, middle []float32, near, far [][]float32, half []float32) {
	n := len(dst)
	middle = middle[:n]
	for i, v := range middle {
		dst[i] = half[0] * v
	}
	for half = half[1:]; len(half) >= 3; half, near, far = half[3:], near[3:], far[3:] {
		w0, w1, w2 := half[0], half[1], half[2]
		a, b, c := near[0][:n], near[1][:n], near[2][:n]
		x, y, z := far[0][:n], far[1][:n], far[2][:n]
		for i, v := range dst {
			dst[i] = v + w0*(a[i]+x[i]) + w1*(b[i]+y[i]) + w2*(c[i]+z[i])
		}
	}
	for k, w := range half {
		a, x := near[k][:n], far[k][:n]
		for i := range dst {
			dst[i] += w * (a[i] + x[i])
		}
	}
}
