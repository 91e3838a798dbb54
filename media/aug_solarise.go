package media

import "math/rand/v2"

// drawSolarise turns bright values dark, x >= .5 into 1 - x, with probability
// Solarise (BYOL, arXiv:2006.07733).
func drawSolarise(rng *rand.Rand, a AugmentConfig) []Change {
	if a.Solarise == 0 || rng.Float64() >= a.Solarise {
		return nil
	}
	return []Change{{Pixels: func(p Pixels) {
		for i, x := range p.Data {
			if x >= .5 {
				p.Data[i] = 1 - x
			}
		}
	}}}
}
