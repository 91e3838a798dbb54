package media

import "math/rand/v2"

// drawSolarise turns bright values dark, x >= SolariseThreshold into 1 - x, with
// probability Solarise (BYOL, arXiv:2006.07733).
func drawSolarise(rng *rand.Rand, a AugmentConfig) []Change {
	if a.Solarise == 0 || rng.Float64() >= a.Solarise {
		return nil
	}
	return []Change{{Pixels: func(p Pixels) { p.Solarise(a.SolariseThreshold) }}}
}
