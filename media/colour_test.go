package media

import (
	"math"
	"math/rand/v2"
	"testing"
)

// noise is a view of random values.
func noise(seed uint64, t, h, w int) Pixels {
	rng := rand.New(rand.NewPCG(seed, 9))
	p := Pixels{Data: make([]float32, 3*t*h*w), T: t, H: h, W: w}
	for i := range p.Data {
		p.Data[i] = rng.Float32()
	}
	return p
}

func (p Pixels) clone() Pixels {
	p.Data = append([]float32(nil), p.Data...)
	return p
}

// near fails where values differ by more than tol.
func near(t *testing.T, what string, got, want []float32, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= tol) {
			t.Fatalf("%s: value %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// slowly applies the jitters as their definitions say, one after the other, pixel by
// pixel in float64, cutting to [0,1] once at the end, then normalises.
func slowly(p Pixels, steps ...func(rgb [3]float64, grey, meanGrey float64) [3]float64) []float32 {
	n := p.T * p.H * p.W
	x := make([][3]float64, n)
	for i := range x {
		x[i] = [3]float64{float64(p.Data[i]), float64(p.Data[n+i]), float64(p.Data[2*n+i])}
	}
	grey := func(c [3]float64) float64 { return .299*c[0] + .587*c[1] + .114*c[2] }
	for _, step := range steps {
		mean := 0.
		for _, c := range x {
			mean += grey(c) / float64(n)
		}
		for i, c := range x {
			x[i] = step(c, grey(c), mean)
		}
	}
	out := make([]float32, 3*n)
	for i, c := range x {
		for k, v := range c {
			out[k*n+i] = float32((min(max(v, 0), 1) - .45) / .225)
		}
	}
	return out
}

// mixed is a blend of x and about.
func mixed(f float64, x [3]float64, about float64) [3]float64 {
	for i := range x {
		x[i] = f*x[i] + (1-f)*about
	}
	return x
}

func TestColourMatchesDefinitions(t *testing.T) {
	p := noise(1, 3, 5, 7)
	got := p.clone()
	got.run([]Change{{Colour: brightness(1.3)}, {Colour: contrast(.6)}, {Colour: saturation(1.4)}})
	want := slowly(p,
		func(c [3]float64, _, _ float64) [3]float64 { return mixed(1.3, c, 0) },
		func(c [3]float64, _, mean float64) [3]float64 { return mixed(.6, c, mean) },
		func(c [3]float64, grey, _ float64) [3]float64 { return mixed(1.4, c, grey) })
	// float32 sums of values near 4 after normalisation: a few of its steps.
	near(t, "jitter", got.Data, want, 1e-5)

	got = p.clone()
	got.run([]Change{{Colour: brightness(.8)}, {Colour: saturation(0)}})
	want = slowly(p, func(c [3]float64, _, _ float64) [3]float64 { return mixed(.8, c, 0) },
		func(_ [3]float64, grey, _ float64) [3]float64 { return [3]float64{grey, grey, grey} })
	near(t, "grey", got.Data, want, 1e-5)

	got = p.clone()
	got.run(nil)
	near(t, "nothing", got.Data, slowly(p), 1e-5)
}

// The order of the four jitters is fixed since it has no effect.
func TestJittersCommute(t *testing.T) {
	steps := []Change{{Colour: brightness(1.2)}, {Colour: contrast(.7)}, {Colour: saturation(1.5)}, {Colour: hue(.1)}}
	p := noise(2, 2, 4, 4)
	want := p.clone()
	want.run(steps)
	for k := range 24 {
		order := append([]Change(nil), steps...)
		for i := range order { // the k-th permutation by its factorial digits
			j := i + k%(len(order)-i)
			k /= len(order) - i
			order[i], order[j] = order[j], order[i]
		}
		got := p.clone()
		got.run(order)
		near(t, "other order", got.Data, want.Data, 1e-5)
	}
}

func TestHue(t *testing.T) {
	for _, turn := range []float64{-.3, .1, .5} {
		grey := hue(turn)([3]float64{}).Apply([3]float64{.4, .4, .4})
		for _, v := range grey {
			if math.Abs(v-.4) > 1e-6 { // the published YIQ matrix has six digits
				t.Errorf("a turn of %g makes grey .4 to %v", turn, grey)
			}
		}
	}
	back := hue(-.2)([3]float64{}).After(hue(.2)([3]float64{})).Apply([3]float64{.1, .5, .9})
	for i, want := range []float64{.1, .5, .9} {
		if math.Abs(back[i]-want) > 1e-9 {
			t.Errorf("there and back: %v", back)
		}
	}
	if red := hue(1. / 3)([3]float64{}).Apply([3]float64{.8, .1, .1}); red[1] < red[0] && red[2] < red[0] {
		t.Errorf("a third of a turn leaves red: %v", red)
	}
}

func TestPixelChangesComeInOrder(t *testing.T) {
	p := noise(3, 2, 3, 3)
	got := p.clone()
	// Brightness cuts at 1 before the pixels change, contrast pivots on what they became.
	half := Change{Pixels: func(p Pixels) {
		for i := range p.Data {
			p.Data[i] /= 2
		}
	}}
	got.run([]Change{{Colour: brightness(2)}, half, {Colour: contrast(.5)}})
	want := slowly(p,
		func(c [3]float64, _, _ float64) [3]float64 {
			for i := range c {
				c[i] = min(2*c[i], 1) / 2
			}
			return c
		},
		func(c [3]float64, _, mean float64) [3]float64 { return mixed(.5, c, mean) })
	near(t, "brightness, pixels, contrast", got.Data, want, 1e-5)
}
