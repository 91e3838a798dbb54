package media

import (
	"math"
	"math/rand/v2"
)

// cropTries is how many sizes are tried before the crop falls back to the
// largest central one of a permitted aspect.
const cropTries = 10

// drawView draws crop and mirror of one view of a w x h picture, size x size.
func drawView(rng *rand.Rand, w, h, size int, a AugmentConfig) View {
	v := View{Crop: RandomCrop(rng, w, h, a), W: size, H: size}
	v.Flip = rng.Float64() < a.Flip
	return v
}

// RandomCrop draws a part of a w x h picture in source pixels: its area is a
// share U(CropMin, CropMax) of the picture's, the logarithm of its aspect is
// uniform between those of AspectMin and AspectMax, and its place is uniform
// (random resized crop of Inception, arXiv:1409.4842). Edges are fractional.
func RandomCrop(rng *rand.Rand, w, h int, a AugmentConfig) Rect {
	width, height := float64(w), float64(h)
	for range cropTries {
		area := width * height * uniform(rng, a.CropMin, a.CropMax)
		aspect := math.Exp(uniform(rng, math.Log(a.AspectMin), math.Log(a.AspectMax)))
		cw, ch := math.Sqrt(area*aspect), math.Sqrt(area/aspect)
		if cw <= width && ch <= height {
			return Rect{X: rng.Float64() * (width - cw), Y: rng.Float64() * (height - ch), W: cw, H: ch}
		}
	}
	aspect := min(max(width/height, a.AspectMin), a.AspectMax)
	cw, ch := min(width, height*aspect), min(height, width/aspect)
	return Rect{X: (width - cw) / 2, Y: (height - ch) / 2, W: cw, H: ch}
}

// uniform draws from [low, high).
func uniform(rng *rand.Rand, low, high float64) float64 {
	return low + (high-low)*rng.Float64()
}
