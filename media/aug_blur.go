package media

import (
	"math"
	"math/rand/v2"
)

// drawBlur smooths every frame with one Gaussian, sigma U(BlurSigmaMin,
// BlurSigmaMax) pixels of the view, with probability BlurProb.
func drawBlur(rng *rand.Rand, a AugmentConfig) []Change {
	if a.BlurProb == 0 || rng.Float64() >= a.BlurProb {
		return nil
	}
	sigma := uniform(rng, a.BlurSigmaMin, a.BlurSigmaMax)
	return []Change{{Pixels: func(p Pixels) { blur(p, sigma) }}}
}

// blur filters rows, then columns; edges repeat their last pixel.
func blur(p Pixels, sigma float64) {
	kernel := gaussian(sigma)
	scratch := make([]float32, p.H*p.W)
	for c := range 3 {
		for t := range p.T {
			plane := p.Plane(c, t)
			filterLines(scratch, plane, kernel, p.H, p.W, 1, p.W)
			filterLines(plane, scratch, kernel, p.W, p.H, p.W, 1)
		}
	}
}

// filterLines filters `lines` lines of n values each; neighbours in a line are
// `step` apart, lines `skip` apart. kernel[0] is the middle weight.
func filterLines(dst, src, kernel []float32, lines, n, step, skip int) {
	for line := range lines {
		base := line * skip
		for i := range n {
			sum := kernel[0] * src[base+i*step]
			for k := 1; k < len(kernel); k++ {
				before, after := max(i-k, 0), min(i+k, n-1)
				sum += kernel[k] * (src[base+before*step] + src[base+after*step])
			}
			dst[base+i*step] = sum
		}
	}
}

// gaussian returns the middle and the right half of a kernel that ends at three
// sigma and sums to 1.
func gaussian(sigma float64) []float32 {
	radius := int(math.Ceil(3 * sigma))
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
