package media

import "math/rand/v2"

// Styles of AugmentConfig.ColourStyle. They share brightness, contrast,
// saturation and hue, and differ in what each does, in their order and in where
// values are cut to [0,1].
const (
	// ColourLinear draws each of the four with its own probability. All are linear
	// (the hue turns in YIQ) and their result is cut once: one pass for all.
	ColourLinear = "linear"
	// ColourSimCLR draws all four or none; contrast is about each channel's mean,
	// saturation and hue are those of HSV, in random order (arXiv:2002.05709).
	ColourSimCLR = "simclr"
	// ColourTorchvision draws all four or none, as torchvision's ColorJitter:
	// contrast is about the mean grey, saturation about each pixel's grey, the hue
	// is that of HSV, in random order.
	ColourTorchvision = "torchvision"
)

// Orders of AugmentConfig.ColourOrder.
const (
	OrderRandom = "random"
	OrderFixed  = "fixed"
)

// Jitter holds the least and largest factor of each change of colour; Hue is in
// turns.
type Jitter struct {
	Brightness, Contrast, Saturation, Hue [2]float64
}

// SimCLRJitter are the ranges of a strength: .8 of it for the factors, .2 for the
// hue.
func SimCLRJitter(strength float64) Jitter {
	factors := factorRange(.8 * strength)
	return Jitter{factors, factors, factors, [2]float64{-.2 * strength, .2 * strength}}
}

// factorRange is max(0, 1-x) to 1+x.
func factorRange(x float64) [2]float64 { return [2]float64{max(0, 1-x), 1 + x} }

// jitter are the ranges that the settings ask for.
func (a AugmentConfig) jitter() Jitter {
	s := a.ColourStrength
	return Jitter{factorRange(a.Brightness * s), factorRange(a.Contrast * s), factorRange(a.Saturation * s), [2]float64{-a.Hue, a.Hue}}
}

// drawColour draws brightness, contrast, saturation and hue in the way of
// ColourStyle.
func drawColour(rng *rand.Rand, a AugmentConfig) []Change {
	if a.ColourStyle == ColourLinear {
		return drawLinear(rng, a)
	}
	switch {
	case a.ColourProb == 0 || a.ColourStrength == 0 && a.Hue == 0:
		return nil
	case a.ColourPerFrame:
		return a.drawPerFrame(rng.Uint64())
	case rng.Float64() >= a.ColourProb:
		return nil
	}
	return a.drawSteps(rng)
}

// drawPerFrame draws for each frame whether colours change, and how.
func (a AugmentConfig) drawPerFrame(seed uint64) []Change {
	return []Change{{Pixels: func(p Pixels) {
		p.eachFrame(func(t int, frame Pixels) {
			rng := rand.New(rand.NewPCG(seed, uint64(t)))
			if rng.Float64() >= a.ColourProb {
				return
			}
			for _, change := range a.drawSteps(rng) {
				change.Pixels(frame)
			}
		})
	}}}
}

// drawSteps draws one factor for each of the four changes and their order.
func (a AugmentConfig) drawSteps(rng *rand.Rand) []Change {
	order := []int{0, 1, 2, 3}
	if a.ColourOrder == OrderRandom {
		order = rng.Perm(len(order))
	}
	j := a.jitter()
	var factors [4]float64
	for i, r := range [4][2]float64{j.Brightness, j.Contrast, j.Saturation, j.Hue} {
		factors[i] = uniform(rng, r[0], r[1])
	}
	changes := make([]Change, len(order))
	for i, step := range order {
		changes[i].Pixels = colourStep(a.ColourStyle, step, factors[step])
	}
	return changes
}

// colourStep is brightness, contrast, saturation or hue, by number, of a style.
func colourStep(style string, step int, factor float64) func(Pixels) {
	switch {
	case step == 0:
		return func(p Pixels) { p.Brightness(factor) }
	case step == 1 && style == ColourSimCLR:
		return func(p Pixels) { p.Contrast(factor, p.Mean()) }
	case step == 1:
		return func(p Pixels) { p.Contrast(factor, p.GreyMean()) }
	case step == 2 && style == ColourSimCLR:
		return func(p Pixels) { p.SaturationHSV(factor) }
	case step == 2:
		return func(p Pixels) { p.Saturation(factor) }
	}
	return func(p Pixels) { p.Hue(factor) }
}

// drawGrey takes all colour away with probability Grey.
func drawGrey(rng *rand.Rand, a AugmentConfig) []Change {
	if rng.Float64() >= a.Grey {
		return nil
	}
	if a.ColourStyle == ColourLinear {
		return []Change{{Colour: saturation(0)}}
	}
	return []Change{{Pixels: func(p Pixels) { p.Grey(SimCLRGrey) }}}
}
