package media

import (
	"math"
	"testing"
)

// toHSV and fromHSV follow Python's colorsys, with the hue in [0,1).
func toHSV(r, g, b float64) (h, s, v float64) {
	v = max(r, g, b)
	chroma := v - min(r, g, b)
	if chroma == 0 {
		return 0, 0, v
	}
	switch v {
	case r:
		h = (g - b) / chroma
	case g:
		h = 2 + (b-r)/chroma
	default:
		h = 4 + (r-g)/chroma
	}
	h /= 6
	return h - math.Floor(h), chroma / v, v
}

func fromHSV(h, s, v float64) [3]float64 {
	i := math.Floor(h * 6)
	f := h*6 - i
	p, q, t := v*(1-s), v*(1-s*f), v*(1-s*(1-f))
	return [][3]float64{{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}}[int(i)%6]
}

// throughHSV changes each pixel by f of its hue, saturation and value.
func throughHSV(p Pixels, f func(h, s, v float64) (float64, float64, float64)) []float32 {
	n := p.T * p.H * p.W
	out := make([]float32, 3*n)
	for i := range n {
		rgb := fromHSV(f(toHSV(float64(p.Data[i]), float64(p.Data[n+i]), float64(p.Data[2*n+i]))))
		for c, x := range rgb {
			out[c*n+i] = float32(x)
		}
	}
	return out
}

func TestHSVSteps(t *testing.T) {
	p := noise(6, 2, 9, 8)
	for i := range 12 { // greys, black, white, pure colours, two equal channels
		corner := [3]float32{float32(i & 1), float32(i >> 1 & 1), float32(i >> 2 & 1)}
		if i >= 8 {
			corner = [3]float32{.3, .3, [...]float32{.3, .8, .1, 0}[i-8]}
		}
		for c := range 3 {
			p.Plane(c, 0)[i] = corner[c]
		}
	}
	for _, turn := range []float64{-.5, -.2, 0, .11, .5} {
		got := p.clone()
		got.Hue(turn)
		want := throughHSV(p, func(h, s, v float64) (float64, float64, float64) {
			h += turn
			return h - math.Floor(h), s, v
		})
		near(t, "hue", got.Data, want, 2e-6) // float32 hues of up to 18 sixths
	}
	for _, factor := range []float64{0, .4, 1, 1.8, 30} {
		got := p.clone()
		got.SaturationHSV(factor)
		want := throughHSV(p, func(h, s, v float64) (float64, float64, float64) { return h, min(s*factor, 1), v })
		near(t, "saturation", got.Data, want, 1e-6)
	}
}

func TestSolariseAndGrey(t *testing.T) {
	p := Pixels{Data: []float32{0, .4, .5, .9, 1, .2}, T: 1, H: 1, W: 2}
	q := p.clone()
	p.Solarise(.5)
	near(t, "solarise", p.Data, []float32{0, .4, .5, .1, 0, .2}, 1e-6)
	q.Grey([3]float64{.5, .3, .2})
	near(t, "grey", q.Data, []float32{.35, .51, .35, .51, .35, .51}, 1e-6)
}
