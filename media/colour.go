package media

// Affine is a linear change of colour: out = M in + B, channels R, G, B.
type Affine struct {
	M [3][3]float64
	B [3]float64
}

// Identity leaves colours as they are.
func Identity() Affine {
	return Affine{M: [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
}

// Apply returns the changed colour.
func (a Affine) Apply(in [3]float64) [3]float64 {
	out := a.B
	for i := range 3 {
		for j := range 3 {
			out[i] += a.M[i][j] * in[j]
		}
	}
	return out
}

// After is the change that does first and then a.
func (a Affine) After(first Affine) Affine {
	out := Affine{B: a.Apply(first.B)}
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				out.M[i][j] += a.M[i][k] * first.M[k][j]
			}
		}
	}
	return out
}

// luma holds the weights of R, G, B in grey (ITU-R BT.601).
var luma = [3]float64{.299, .587, .114}

// mean is the mean colour of all steps.
func (p Pixels) mean() [3]float64 {
	n := p.T * p.H * p.W
	var mean [3]float64
	for c := range mean {
		// Four sums hide the latency of addition and lose less to rounding.
		var a, b, d, e float32
		x := p.Data[c*n:][:n]
		for ; len(x) >= 4; x = x[4:] {
			a, b, d, e = a+x[0], b+x[1], d+x[2], e+x[3]
		}
		for _, v := range x {
			a += v
		}
		mean[c] = (float64(a) + float64(b) + float64(d) + float64(e)) / float64(n)
	}
	return mean
}

// apply changes the colours in place, cuts them to [0,1] and, where asked,
// normalises them: all in one pass.
func (p Pixels) apply(a Affine, normalise bool) {
	if a == Identity() {
		if normalise {
			p.normalise()
		}
		return
	}
	low, high := float32(0), float32(1)
	if normalise {
		norm := Affine{B: [3]float64{-NormMean / NormStd, -NormMean / NormStd, -NormMean / NormStd}}
		for i := range 3 {
			norm.M[i][i] = 1 / NormStd
		}
		a, low, high = norm.After(a), float32((0-NormMean)/NormStd), float32((1-NormMean)/NormStd)
	}
	var m [3][3]float32
	var o [3]float32
	for i := range 3 {
		o[i] = float32(a.B[i])
		for j := range 3 {
			m[i][j] = float32(a.M[i][j])
		}
	}
	n := p.T * p.H * p.W
	r, g, b := p.Data[:n], p.Data[n:][:n], p.Data[2*n:][:n]
	m00, m01, m02 := m[0][0], m[0][1], m[0][2]
	m10, m11, m12 := m[1][0], m[1][1], m[1][2]
	m20, m21, m22 := m[2][0], m[2][1], m[2][2]
	for i, x := range r {
		y, z := g[i], b[i]
		r[i] = min(max(m00*x+m01*y+m02*z+o[0], low), high)
		g[i] = min(max(m10*x+m11*y+m12*z+o[1], low), high)
		b[i] = min(max(m20*x+m21*y+m22*z+o[2], low), high)
	}
}

func (p Pixels) normalise() {
	const scale, shift = 1 / NormStd, -NormMean / NormStd
	for i, x := range p.Data {
		p.Data[i] = x*scale + shift
	}
}

// clampUnit compares in place: the built-in min and max mind NaN, at a cost.
func clampUnit(v float32) float32 {
	if v < 0 {
		return 0
	}
	if v > 1 {
		return 1
	}
	return v
}
