package media

// SimCLRGrey holds the weights of R, G, B in grey that TensorFlow and
// torchvision use: those of ITU-R BT.601, the first cut short.
var SimCLRGrey = [3]float64{.2989, .587, .114}

// The changes below cut their result to [0,1] one by one, as the published
// pipelines do. They treat all steps of a view alike.

// Mean is the mean of each channel over all steps.
func (p Pixels) Mean() [3]float64 { return p.mean() }

// GreyMean is the mean grey over all steps, by the weights of SimCLRGrey, as a
// colour.
func (p Pixels) GreyMean() [3]float64 {
	grey := 0.
	for c, m := range p.mean() {
		grey += SimCLRGrey[c] * m
	}
	return [3]float64{grey, grey, grey}
}

// Brightness multiplies all values.
func (p Pixels) Brightness(factor float64) { p.Contrast(factor, [3]float64{}) }

// Contrast stretches each channel about a pivot: its own Mean (TensorFlow,
// SimCLR) or the GreyMean (torchvision).
func (p Pixels) Contrast(factor float64, pivot [3]float64) {
	n := p.T * p.H * p.W
	for c, about := range pivot {
		scale, shift := float32(factor), float32((1-factor)*about)
		x := p.Data[c*n:][:n]
		for i, v := range x {
			x[i] = clampUnit(v*scale + shift)
		}
	}
}

// Saturation stretches colours about their own grey (torchvision).
func (p Pixels) Saturation(factor float64) {
	wr, wg, wb := greyShares((1 - factor), SimCLRGrey)
	f := float32(factor)
	r, g, b := p.channels()
	for i, x := range r {
		y, z := g[i], b[i]
		grey := wr*x + wg*y + wb*z
		r[i], g[i], b[i] = clampUnit(f*x+grey), clampUnit(f*y+grey), clampUnit(f*z+grey)
	}
}

// SaturationHSV multiplies the saturation of hue, saturation and value
// (TensorFlow, SimCLR): the largest channel stays, the others move from it.
func (p Pixels) SaturationHSV(factor float64) {
	f := float32(factor)
	r, g, b := p.channels()
	for i, x := range r {
		y, z := g[i], b[i]
		value, least := extremes(x, y, z)
		chroma := value - least
		k := f
		if chroma*f > value { // saturation stops at 1
			k = value / chroma
		}
		r[i], g[i], b[i] = value-k*(value-x), value-k*(value-y), value-k*(value-z)
	}
}

// Grey replaces each colour by its weighted sum.
func (p Pixels) Grey(weights [3]float64) {
	wr, wg, wb := greyShares(1, weights)
	r, g, b := p.channels()
	for i, x := range r {
		grey := wr*x + wg*g[i] + wb*b[i]
		r[i], g[i], b[i] = grey, grey, grey
	}
}

// Hue turns the hue of hue, saturation and value by a share of a whole turn, in
// [-.5, .5].
func (p Pixels) Hue(turn float64) {
	shift := float32(6 * turn)
	if shift < 0 {
		shift += 6
	}
	r, g, b := p.channels()
	for i, x := range r {
		y, z := g[i], b[i]
		value, least := extremes(x, y, z)
		chroma := value - least
		if chroma == 0 {
			continue
		}
		h := sextant(x, y, z, value, chroma)/chroma + shift
		// The three channels are one curve of the hue, a third of a turn apart.
		r[i], g[i], b[i] = value-chroma*hueCurve(h+5), value-chroma*hueCurve(h+3), value-chroma*hueCurve(h+1)
	}
}

// sextant returns the hue in sixths of a turn, in [0, 6), times the chroma.
func sextant(r, g, b, value, chroma float32) float32 {
	switch value {
	case r:
		if g < b {
			return g - b + 6*chroma
		}
		return g - b
	case g:
		return b - r + 2*chroma
	}
	return r - g + 4*chroma
}

// hueCurve is how far a channel lies below the value, in chromas, for a hue in
// [0, 18) sixths.
func hueCurve(h float32) float32 {
	for h >= 6 {
		h -= 6
	}
	if h > 2 {
		h = 4 - h
	}
	return clampUnit(h)
}

// Solarise turns values of at least the threshold dark: x becomes 1 - x.
func (p Pixels) Solarise(threshold float64) {
	t := float32(threshold)
	for i, x := range p.Data {
		if x >= t {
			p.Data[i] = 1 - x
		}
	}
}

// channels are the planes R, G, B of all steps.
func (p Pixels) channels() (r, g, b []float32) {
	n := p.T * p.H * p.W
	return p.Data[:n:n], p.Data[n : 2*n : 2*n], p.Data[2*n : 3*n : 3*n]
}

func greyShares(of float64, weights [3]float64) (r, g, b float32) {
	return float32(of * weights[0]), float32(of * weights[1]), float32(of * weights[2])
}

// extremes compares in place, for speed: the built-in min and max mind NaN.
func extremes(a, b, c float32) (most, least float32) {
	if a < b {
		a, b = b, a
	}
	if c > a {
		return c, b
	}
	if c < b {
		return a, c
	}
	return a, b
}
