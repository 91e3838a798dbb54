package media

import (
	"math"
	"math/rand/v2"
)

// Rules of AugmentConfig.BlurRule: how wide a kernel is and what lies beyond the
// edges.
const (
	// BlurSigma ends the kernel at three sigma; edges repeat.
	BlurSigma = "sigma"
	// BlurSimCLR has a tenth of the view's size as taps, made odd; black lies
	// beyond the edges (arXiv:2002.05709, released code).
	BlurSimCLR = "simclr"
	// BlurTorchvision has BlurTaps taps; edges reflect.
	BlurTorchvision = "torchvision"
)

// drawBlur smooths every frame with one Gaussian, sigma U(BlurSigmaMin,
// BlurSigmaMax) pixels of the view, with probability BlurProb.
func drawBlur(rng *rand.Rand, a AugmentConfig) []Change {
	if a.BlurProb == 0 || rng.Float64() >= a.BlurProb {
		return nil
	}
	sigma := uniform(rng, a.BlurSigmaMin, a.BlurSigmaMax)
	return []Change{{Pixels: func(p Pixels) { p.Blur(blurKernel(a, sigma, p.H)) }}}
}

// blurKernel is the kernel of a rule for views of that many rows.
func blurKernel(a AugmentConfig, sigma float64, rows int) (half []float32, edge Edge) {
	switch a.BlurRule {
	case BlurSimCLR:
		return GaussianKernel(rows/10/2, sigma), EdgeZero
	case BlurTorchvision:
		return GaussianKernel(a.BlurTaps/2, sigma), EdgeReflect
	}
	return GaussianKernel(int(math.Ceil(3*sigma)), sigma), EdgeRepeat
}
