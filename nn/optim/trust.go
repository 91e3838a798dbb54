package optim

import "math"

// trust is the layer-wise rule of an optimizer: from a tensor's sums, the factor
// of its gradient left by clipping, its decay and its learning rate, the ratio
// that both gradient and decay are multiplied by, and the decay to use.
type trust func(c Config, s sums, clip, decay, lr float64) (ratio, used float64)

// larsTrust is eta·|w|/|g + decay·w|, 1 where either norm is 0
// (arXiv:1708.03888 as SimCLR's and MoCo v3's code read it).
func larsTrust(c Config, s sums, clip, decay, _ float64) (ratio, used float64) {
	// |g + decay·w| from the sums of one pass, in float64; rounding may push a
	// sum that cancels below 0.
	square := clip*clip*s.gg + 2*clip*decay*s.gw + decay*decay*s.ww
	if s.ww == 0 || square <= 0 {
		return 1, decay
	}
	return c.trustCoefficient() * math.Sqrt(s.ww/square), decay
}

// larcTrust is eta·|w|/(|g| + decay·|w| + eps), at most lr⁻¹ where it is
// clipped; where a norm is 0 the gradient is taken as it is, without decay
// (apex, parallel/LARC.py).
func larcTrust(c Config, s sums, clip, decay, lr float64) (ratio, used float64) {
	w, g := math.Sqrt(s.ww), clip*math.Sqrt(s.gg)
	if w == 0 || g == 0 {
		return 1, 0
	}
	ratio = c.trustCoefficient() * w / (g + decay*w + c.Eps)
	if c.TrustClip && lr > 0 {
		ratio = math.Min(ratio/lr, 1)
	}
	return ratio, decay
}

// soloTrust is larcTrust, always clipped (solo-learn, utils/lars.py).
func soloTrust(c Config, s sums, clip, decay, lr float64) (ratio, used float64) {
	c.TrustClip = true
	return larcTrust(c, s, clip, decay, lr)
}

// trustCoefficient is eta: what is set, or what the optimizer was published with.
func (c Config) trustCoefficient() float64 {
	switch {
	case c.TrustCoefficient > 0:
		return c.TrustCoefficient
	case c.Name == LARSSolo:
		return .02
	}
	return .001
}
