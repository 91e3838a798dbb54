package media

import (
	"math/rand/v2"
	"testing"
)

func TestInputs(t *testing.T) {
	p := noise(5, 4, 2, 3)
	at := func(c, s, i int) float32 { return p.Plane(c, s)[i] }
	var diff, both []float32
	for c := range 3 {
		for s := range 3 {
			for i := range 6 {
				diff = append(diff, 2*(at(c, s+1, i)-at(c, s, i)))
				both = append(both, at(c, s, i))
			}
		}
	}
	both = append(both, diff...)
	near(t, InputRGB, p.clone().input(InputRGB), p.Data, 0)
	near(t, InputDiff, p.clone().input(InputDiff), diff, 0)
	near(t, InputRGBDiff, p.clone().input(InputRGBDiff), both, 0)
}

// Each augmentation draws within its own settings, at its own rate.
func TestRates(t *testing.T) {
	a := DefaultAugment()
	a.Hue, a.BlurProb, a.Solarise, a.Flip = .1, .25, .5, .5
	a.Erase, a.Cutout, a.RandOps = .3, .1, 2
	rng := rand.New(rand.NewPCG(1, 2))
	const draws = 8000
	counts := map[string]int{}
	for range draws {
		for _, g := range Augmentations() {
			counts[g.Name] += len(g.Draw(rng, a))
		}
		if drawView(rng, 64, 64, 48, a).Flip {
			counts["flip"]++
		}
	}
	for name, want := range map[string]float64{"colour": 4 * .8, "grey": .2, "blur": .25, "solarise": .5, "flip": .5, "erase": .3, "cutout": .1, "rand-augment": 2} {
		if got := float64(counts[name]) / draws; got < want-.03 || got > want+.03 { // over 4 standard errors
			t.Errorf("%s: %g changes a view, want %g", name, got, want)
		}
	}
	for range 1000 {
		for _, g := range Augmentations() {
			if n := len(g.Draw(rng, NoAugment())); n != 0 {
				t.Fatalf("%s: %d changes without augmentation", g.Name, n)
			}
		}
	}
}
