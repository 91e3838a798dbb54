package media

import "math/rand/v2"

// randLevels is the strength that RandMagnitude counts to.
const randLevels = 30

// randOp is one operation of RandAugment. change does it at a strength from 0 to
// 1, times sign for those that go both ways.
type randOp struct {
	name   string
	signed bool
	change func(p Pixels, level, sign float64)
}

// randOps are the operations of torchvision's RandAugment with their ranges, in
// its order; colour operations blend as its own do.
var randOps = []randOp{
	{"identity", false, func(Pixels, float64, float64) {}},
	{"shear-x", true, func(p Pixels, l, s float64) { p.warp(shear(s*.3*l, 0)) }},
	{"shear-y", true, func(p Pixels, l, s float64) { p.warp(shear(0, s*.3*l)) }},
	{"translate-x", true, func(p Pixels, l, s float64) { p.warp(translation(s*float64(int(150./331*float64(p.W)*l)), 0)) }},
	{"translate-y", true, func(p Pixels, l, s float64) { p.warp(translation(0, s*float64(int(150./331*float64(p.H)*l)))) }},
	{"rotate", true, func(p Pixels, l, s float64) { p.warp(rotation(s*30*l, p.W, p.H)) }},
	{"brightness", true, func(p Pixels, l, s float64) { p.Brightness(1 + s*.9*l) }},
	{"colour", true, func(p Pixels, l, s float64) { p.Saturation(1 + s*.9*l) }},
	{"contrast", true, func(p Pixels, l, s float64) { p.Contrast(1+s*.9*l, p.GreyMean()) }},
	{"sharpness", true, func(p Pixels, l, s float64) { p.sharpen(1 + s*.9*l) }},
	{"posterise", false, func(p Pixels, l, _ float64) { p.posterise(8 - int(randLevels*l/(randLevels/4.)+.5)) }},
	{"solarise", false, func(p Pixels, l, _ float64) { p.Solarise(1 - l) }},
	{"auto-contrast", false, func(p Pixels, _, _ float64) { p.autoContrast() }},
	{"equalise", false, func(p Pixels, _, _ float64) { p.equalise() }},
}

// drawRandAugment draws RandOps operations, each as likely as any other and with
// repetition, all of strength RandMagnitude (RandAugment, arXiv:1909.13719). The
// same operations, with the same signs, change all frames.
func drawRandAugment(rng *rand.Rand, a AugmentConfig) []Change {
	var changes []Change
	for range a.RandOps {
		op := randOps[rng.IntN(len(randOps))]
		sign := 1.
		if op.signed && rng.IntN(2) == 1 {
			sign = -1
		}
		changes = append(changes, Change{Pixels: func(p Pixels) { op.change(p, a.RandMagnitude/randLevels, sign) }})
	}
	return changes
}
