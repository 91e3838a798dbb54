package media

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// styled draws colours in a style, always.
func styled(style, order string) AugmentConfig {
	a := NoAugment()
	a.ColourStyle, a.ColourOrder, a.ColourProb, a.ColourStrength, a.Hue = style, order, 1, 1, .2
	return a
}

// The steps that a style draws are those of its definition, in the drawn order
// and cut after each; both styles take the same draws.
func TestColourStylesFollowTheirDraws(t *testing.T) {
	for _, style := range []string{ColourSimCLR, ColourTorchvision} {
		for _, order := range []string{OrderFixed, OrderRandom} {
			seen := map[int]bool{}
			for seed := range uint64(30) {
				rng := rand.New(rand.NewPCG(seed, 3))
				a := styled(style, order)
				p := noise(seed, 2, 4, 5)
				want := p.clone()
				rng.Float64() // the probability
				steps := []int{0, 1, 2, 3}
				if order == OrderRandom {
					steps = rng.Perm(4)
				}
				seen[steps[0]] = true
				var f [4]float64
				for i := range 3 {
					f[i] = .2 + 1.6*rng.Float64()
				}
				f[3] = -.2 + .4*rng.Float64()
				for _, s := range steps {
					switch {
					case s == 0:
						want.Brightness(f[0])
					case s == 1 && style == ColourSimCLR:
						want.Contrast(f[1], want.Mean())
					case s == 1:
						want.Contrast(f[1], want.GreyMean())
					case s == 2 && style == ColourSimCLR:
						want.SaturationHSV(f[2])
					case s == 2:
						want.Saturation(f[2])
					default:
						want.Hue(f[3])
					}
				}
				for _, c := range drawColour(rand.New(rand.NewPCG(seed, 3)), a) {
					c.Pixels(p)
				}
				near(t, style+" "+order, p.Data, want.Data, 1e-6)
			}
			if order == OrderRandom && len(seen) != 4 {
				t.Errorf("%s: steps %v came first in 30 draws, want all four", style, seen)
			}
		}
	}
}

func TestColourPerFrame(t *testing.T) {
	a := styled(ColourTorchvision, OrderRandom)
	a.ColourPerFrame = true
	one := noise(3, 1, 4, 4)
	p := Pixels{Data: make([]float32, 3*3*16), T: 3, H: 4, W: 4}
	for c := range 3 {
		for s := range 3 {
			copy(p.Plane(c, s), one.Plane(c, 0))
		}
	}
	q := p.clone()
	for _, view := range []Pixels{p, q} {
		for _, c := range drawColour(rand.New(rand.NewPCG(1, 1)), a) {
			c.Pixels(view)
		}
	}
	if !slices.Equal(p.Data, q.Data) {
		t.Error("the same draws give other colours")
	}
	if slices.Equal(p.Plane(0, 0), p.Plane(0, 1)) || slices.Equal(p.Plane(0, 1), p.Plane(0, 2)) {
		t.Error("frames share their colours")
	}
}

func TestJitterRanges(t *testing.T) {
	want := Jitter{[2]float64{0, 2}, [2]float64{0, 2}, [2]float64{0, 2}, [2]float64{-.25, .25}}
	if got := SimCLRJitter(1.25); got != want {
		t.Errorf("strength 1.25: %v, want %v", got, want)
	}
	a := NoAugment()
	a.ColourStrength, a.Brightness, a.Contrast, a.Saturation, a.Hue = .5, .4, 1, 0, .1
	want = Jitter{[2]float64{.8, 1.2}, [2]float64{.5, 1.5}, [2]float64{1, 1}, [2]float64{-.1, .1}}
	if got := a.jitter(); got != want {
		t.Errorf("settings: %v, want %v", got, want)
	}
}
