package media

import (
	"math"
	"math/rand/v2"
)

// What AugmentConfig.EraseFill puts in place of what is erased.
const (
	// FillMean is the mean of the normalisation: 0 for the network.
	FillMean = "mean"
	// FillNoise is one drawn value a channel and pixel, the same in all frames.
	FillNoise = "noise"
)

// drawErase erases one rectangle of all frames with probability Erase: its area
// is a share U(EraseMin, EraseMax) of the view's, the logarithm of its height /
// width is uniform (random erasing, arXiv:1708.04896, torchvision's tries). Where
// none fits in ten tries nothing is erased.
func drawErase(rng *rand.Rand, a AugmentConfig) []Change {
	if a.Erase == 0 || rng.Float64() >= a.Erase {
		return nil
	}
	seed := rng.Uint64()
	return []Change{{Pixels: func(p Pixels) {
		rng := rand.New(rand.NewPCG(seed, 0))
		for range cropTries {
			area := float64(p.W*p.H) * uniform(rng, a.EraseMin, a.EraseMax)
			aspect := math.Exp(uniform(rng, math.Log(a.EraseAspectMin), math.Log(a.EraseAspectMax)))
			h, w := int(math.RoundToEven(math.Sqrt(area*aspect))), int(math.RoundToEven(math.Sqrt(area/aspect)))
			if h > 0 && h < p.H && w > 0 && w < p.W {
				p.erase(rng, rng.IntN(p.W-w+1), rng.IntN(p.H-h+1), w, h, a.EraseFill)
				return
			}
		}
	}}}
}

// drawCutout erases a square of CutoutSize of the view's side with probability
// Cutout; its centre lies anywhere, so that a part may fall outside
// (arXiv:1708.04552).
func drawCutout(rng *rand.Rand, a AugmentConfig) []Change {
	if a.Cutout == 0 || rng.Float64() >= a.Cutout {
		return nil
	}
	u, v, seed := rng.Float64(), rng.Float64(), rng.Uint64()
	return []Change{{Pixels: func(p Pixels) {
		side := int(math.RoundToEven(a.CutoutSize * float64(min(p.W, p.H))))
		x, y := int(u*float64(p.W))-side/2, int(v*float64(p.H))-side/2
		p.erase(rand.New(rand.NewPCG(seed, 0)), x, y, side, side, a.EraseFill)
	}}}
}

// erase overwrites the part of a rectangle that lies within the view.
func (p Pixels) erase(rng *rand.Rand, x, y, w, h int, fill string) {
	left, right := max(x, 0), min(x+w, p.W)
	for c := range 3 {
		for row := max(y, 0); row < min(y+h, p.H); row++ {
			for at := row*p.W + left; at < row*p.W+right; at++ {
				value := float32(NormMean)
				if fill == FillNoise {
					value = rng.Float32()
				}
				for t := range p.T {
					p.Plane(c, t)[at] = value
				}
			}
		}
	}
}
