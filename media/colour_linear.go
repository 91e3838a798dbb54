package media

import (
	"math"
	"math/rand/v2"
)

// drawLinear draws brightness, contrast, saturation and hue, each with its own
// probability. Their order is fixed because it has no effect: values are cut to
// [0,1] only once, at the end, and without a cut the four commute (contrast turns
// about the clip's mean grey, which brightness scales and the other two keep).
func drawLinear(rng *rand.Rand, a AugmentConfig) []Change {
	var changes []Change
	j := a.jitter()
	for _, step := range []struct {
		factors [2]float64
		change  func(float64) func([3]float64) Affine
		drawn   bool
	}{
		{j.Brightness, brightness, a.ColourStrength > 0},
		{j.Contrast, contrast, a.ColourStrength > 0},
		{j.Saturation, saturation, a.ColourStrength > 0},
		{j.Hue, hue, a.Hue > 0},
	} {
		if step.drawn && rng.Float64() < a.ColourProb {
			changes = append(changes, Change{Colour: step.change(uniform(rng, step.factors[0], step.factors[1]))})
		}
	}
	return changes
}

// brightness multiplies all values.
func brightness(factor float64) func([3]float64) Affine {
	return func([3]float64) Affine { return blend(factor, [3][3]float64{}, 0) }
}

// contrast stretches values about the clip's mean grey, not the frame's: else
// a change of light would move the pivot from frame to frame.
func contrast(factor float64) func([3]float64) Affine {
	return func(mean [3]float64) Affine {
		grey := luma[0]*mean[0] + luma[1]*mean[1] + luma[2]*mean[2]
		return blend(factor, [3][3]float64{}, grey)
	}
}

// saturation stretches colours about their own grey; 0 leaves grey alone.
func saturation(factor float64) func([3]float64) Affine {
	return func([3]float64) Affine {
		return blend(factor, [3][3]float64{luma, luma, luma}, 0)
	}
}

// blend is factor x + (1-factor) (about x + offset).
func blend(factor float64, about [3][3]float64, offset float64) Affine {
	var a Affine
	for i := range 3 {
		a.B[i] = (1 - factor) * offset
		for j := range 3 {
			a.M[i][j] = (1 - factor) * about[i][j]
		}
		a.M[i][i] += factor
	}
	return a
}

// hue turns the chroma plane of YIQ by a share of a whole turn; grey stays. It
// is linear, unlike a turn of HSV's hue, to which it comes close.
func hue(turn float64) func([3]float64) Affine {
	toYIQ := Affine{M: [3][3]float64{luma, {.595716, -.274453, -.321263}, {.211456, -.522591, .311135}}}
	sin, cos := math.Sincos(2 * math.Pi * turn)
	spin := Affine{M: [3][3]float64{{1, 0, 0}, {0, cos, -sin}, {0, sin, cos}}}
	back := Affine{M: inverse(toYIQ.M)}
	out := back.After(spin).After(toYIQ)
	return func([3]float64) Affine { return out }
}

// inverse of a 3x3 matrix by cofactors.
func inverse(m [3][3]float64) [3][3]float64 {
	var out [3][3]float64
	det := 0.
	for i := range 3 {
		for j := range 3 {
			j1, j2, i1, i2 := (j+1)%3, (j+2)%3, (i+1)%3, (i+2)%3
			out[j][i] = m[i1][j1]*m[i2][j2] - m[i1][j2]*m[i2][j1]
		}
		det += m[0][i] * (m[1][(i+1)%3]*m[2][(i+2)%3] - m[1][(i+2)%3]*m[2][(i+1)%3])
	}
	for i := range 3 {
		for j := range 3 {
			out[i][j] /= det
		}
	}
	return out
}
