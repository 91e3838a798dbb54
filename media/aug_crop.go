package media

import (
	"math"
	"math/rand/v2"
)

// Rules of AugmentConfig.CropRule.
const (
	// CropFraction draws edges at fractions of pixels, which the fused resize
	// allows; what does not fit in ten tries is the largest central crop of a
	// permitted aspect.
	CropFraction = "fraction"
	// CropTorchvision is RandomResizedCrop of torchvision: whole pixels, ten tries,
	// the logarithm of the aspect is uniform.
	CropTorchvision = "torchvision"
	// CropInception is sample_distorted_bounding_box of TensorFlow, as Inception
	// and SimCLR use it: whole pixels, a hundred tries, the aspect is uniform; what
	// does not fit is the whole picture.
	CropInception = "inception"
	// CropShortSide scales the short side to U{ShortSideMin, ShortSideMax} pixels
	// and cuts a square of the view's size, as supervised video does.
	CropShortSide = "short-side"
)

// Tries for a crop that fits.
const (
	cropTries      = 10
	inceptionTries = 100
)

// drawView draws crop and mirror of one view of a w x h picture, size x size.
func drawView(rng *rand.Rand, w, h, size int, a AugmentConfig) View {
	v := View{W: size, H: size}
	switch a.CropRule {
	case CropTorchvision:
		v.Crop = TorchvisionCrop(rng, w, h, a)
	case CropInception:
		v.Crop = InceptionCrop(rng, w, h, a)
	case CropShortSide:
		v.Crop = ShortSideCrop(rng, w, h, size, a)
	default:
		v.Crop = RandomCrop(rng, w, h, a)
	}
	v.Flip = rng.Float64() < a.Flip
	return v
}

// RandomCrop draws a part of a w x h picture in source pixels: its area is a
// share U(CropMin, CropMax) of the picture's, the logarithm of its aspect is
// uniform between those of AspectMin and AspectMax, and its place is uniform
// (random resized crop, arXiv:1409.4842). Edges are fractional.
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

// TorchvisionCrop draws as RandomCrop does, but in whole pixels.
func TorchvisionCrop(rng *rand.Rand, w, h int, a AugmentConfig) Rect {
	for range cropTries {
		area := float64(w*h) * uniform(rng, a.CropMin, a.CropMax)
		aspect := math.Exp(uniform(rng, math.Log(a.AspectMin), math.Log(a.AspectMax)))
		cw, ch := int(math.RoundToEven(math.Sqrt(area*aspect))), int(math.RoundToEven(math.Sqrt(area/aspect)))
		if cw > 0 && cw <= w && ch > 0 && ch <= h {
			return placed(rng.IntN(w-cw+1), rng.IntN(h-ch+1), cw, ch)
		}
	}
	return TorchvisionFallback(w, h, a)
}

// TorchvisionFallback is the largest central crop of a permitted aspect, in whole
// pixels.
func TorchvisionFallback(w, h int, a AugmentConfig) Rect {
	cw, ch := w, h
	switch aspect := float64(w) / float64(h); {
	case aspect < a.AspectMin:
		ch = int(math.RoundToEven(float64(w) / a.AspectMin))
	case aspect > a.AspectMax:
		cw = int(math.RoundToEven(float64(h) * a.AspectMax))
	}
	cw, ch = min(max(cw, 1), w), min(max(ch, 1), h)
	return placed((w-cw)/2, (h-ch)/2, cw, ch)
}

// InceptionCrop draws the aspect, then a height among those whose area fits.
func InceptionCrop(rng *rand.Rand, w, h int, a AugmentConfig) Rect {
	for range inceptionTries {
		aspect := uniform(rng, a.AspectMin, a.AspectMax)
		cw, ch, ok := inceptionSize(rng, w, h, aspect, a)
		if ok {
			return placed(below(rng, w-cw), below(rng, h-ch), cw, ch)
		}
	}
	return placed(0, 0, w, h)
}

// inceptionSize draws a size of an aspect, or tells that none fits.
func inceptionSize(rng *rand.Rand, w, h int, aspect float64, a AugmentConfig) (cw, ch int, ok bool) {
	round := func(x float64) int { return int(math.RoundToEven(x)) }
	least, most := a.CropMin*float64(w*h), a.CropMax*float64(w*h)
	ch = round(math.Sqrt(least / aspect))
	top := round(math.Sqrt(most / aspect))
	if round(float64(top)*aspect) > w {
		const slack = 1e-7
		if top = int((float64(w) + .5 - slack) / aspect); round(float64(top)*aspect) > w {
			top--
		}
	}
	top = min(top, h)
	if ch = min(ch, top); ch < top {
		ch += rng.IntN(top - ch + 1)
	}
	// Rounding may leave the permitted areas by one row.
	if round(float64(ch)*aspect)*ch < int(math.Ceil(least)) {
		ch++
	}
	if float64(round(float64(ch)*aspect)*ch) > most {
		ch--
	}
	cw = round(float64(ch) * aspect)
	area := float64(cw * ch)
	return cw, ch, area >= least && area <= most && cw > 0 && cw <= w && ch > 0 && ch <= h
}

// below draws from [0, n), or 0 where that is empty: TensorFlow never reaches the
// last place.
func below(rng *rand.Rand, n int) int {
	if n <= 0 {
		return 0
	}
	return rng.IntN(n)
}

// ShortSideCrop draws a square of size pixels from the picture whose short side
// is scaled to a drawn length; places are whole pixels of the scaled picture. It
// returns the part in source pixels, at most the whole short side.
func ShortSideCrop(rng *rand.Rand, w, h, size int, a AugmentConfig) Rect {
	side := max(int(math.RoundToEven(uniform(rng, float64(a.ShortSideMin), float64(a.ShortSideMax)))), size)
	scale := float64(side) / float64(min(w, h))
	cut := float64(size) / scale
	place := func(n int) float64 {
		free := int(float64(n)*scale) - size
		return min(float64(rng.IntN(max(free, 0)+1))/scale, float64(n)-cut)
	}
	return Rect{X: place(w), Y: place(h), W: cut, H: cut}
}

func placed(x, y, w, h int) Rect {
	return Rect{X: float64(x), Y: float64(y), W: float64(w), H: float64(h)}
}

// uniform draws from [low, high).
func uniform(rng *rand.Rand, low, high float64) float64 {
	return low + (high-low)*rng.Float64()
}
