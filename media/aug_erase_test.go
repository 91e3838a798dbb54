package media

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// erased returns the bounds of what changed in step s of channel c, and how many
// pixels did.
func erased(before, after []float32, w int) (x, y [2]int, n int) {
	x, y = [2]int{w, -1}, [2]int{len(before) / w, -1}
	for i := range before {
		if before[i] != after[i] {
			n++
			x[0], x[1] = min(x[0], i%w), max(x[1], i%w)
			y[0], y[1] = min(y[0], i/w), max(y[1], i/w)
		}
	}
	return x, y, n
}

func TestErase(t *testing.T) {
	a := NoAugment()
	a.Erase, a.EraseMin, a.EraseMax, a.EraseAspectMin, a.EraseAspectMax = 1, .1, .3, .5, 2
	for _, fill := range []string{FillMean, FillNoise} {
		a.EraseFill = fill
		for seed := range uint64(50) {
			p := noise(seed, 3, 20, 30)
			before := p.clone()
			for _, c := range drawErase(rand.New(rand.NewPCG(seed, 1)), a) {
				c.Pixels(p)
			}
			x, y, n := erased(before.Plane(0, 0), p.Plane(0, 0), p.W)
			w, h := x[1]-x[0]+1, y[1]-y[0]+1
			share, aspect := float64(n)/600, float64(h)/float64(w)
			if n != w*h || share < .09 || share > .32 || aspect < .43 || aspect > 2.3 {
				t.Fatalf("%s: %d pixels in %d x %d", fill, n, w, h)
			}
			at := y[0]*p.W + x[0]
			for s := range 3 {
				if p.Plane(1, s)[at] != p.Plane(1, 0)[at] {
					t.Fatalf("%s: step %d is erased otherwise than step 0", fill, s)
				}
			}
			if fill == FillMean && p.Plane(2, 1)[at] != NormMean {
				t.Fatalf("erased to %g, want the mean", p.Plane(2, 1)[at])
			}
		}
	}
}

func TestCutout(t *testing.T) {
	a := NoAugment()
	a.Cutout, a.CutoutSize = 1, .5
	cut := 0
	for seed := range uint64(200) {
		p := noise(seed, 2, 16, 24)
		before := p.clone()
		for _, c := range drawCutout(rand.New(rand.NewPCG(seed, 1)), a) {
			c.Pixels(p)
		}
		x, y, n := erased(before.Plane(0, 0), p.Plane(0, 0), p.W)
		if w, h := x[1]-x[0]+1, y[1]-y[0]+1; n != w*h || w > 8 || h > 8 {
			t.Fatalf("%d pixels in %d x %d, want at most a square of 8", n, w, h)
		}
		if n < 64 {
			cut++
		}
	}
	// A centre within 4 pixels of an edge: 1 - (16/24)(8/16) of all, two thirds.
	if share := float64(cut) / 200; math.Abs(share-2./3) > .12 {
		t.Errorf("%g of all squares pass an edge, want two thirds", share)
	}
}

func TestRandAugmentDraws(t *testing.T) {
	a := NoAugment()
	a.RandOps, a.RandMagnitude = 3, 20
	p := noise(1, 2, 12, 12)
	other := 0
	for seed := range uint64(60) {
		one, two := p.clone(), p.clone()
		for _, view := range []Pixels{one, two} {
			for _, c := range drawRandAugment(rand.New(rand.NewPCG(seed, 1)), a) {
				c.Pixels(view)
			}
		}
		if !slices.Equal(one.Data, two.Data) {
			t.Fatal("same draws, other bits")
		}
		for i, v := range one.Data {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("seed %d: value %d is %g, want 0 to 1", seed, i, v)
			}
		}
		if !slices.Equal(one.Data, p.Data) {
			other++
		}
	}
	if other < 55 {
		t.Errorf("%d of 60 views differ from the source, want nearly all", other)
	}
}

// Strengths are those of torchvision's table: at 15 of 30, half of each range.
func TestRandAugmentStrengths(t *testing.T) {
	for name, want := range map[string]func(Pixels){
		"shear-x": func(p Pixels) { p.warp(shear(-.15, 0)) }, "shear-y": func(p Pixels) { p.warp(shear(0, -.15)) },
		"translate-x": func(p Pixels) { p.warp(translation(-9, 0)) }, // int(150/331 * 40 / 2)
		"translate-y": func(p Pixels) { p.warp(translation(0, -6)) }, // of 30 rows
		"rotate":      func(p Pixels) { p.warp(rotation(-15, p.W, p.H)) },
		"brightness":  func(p Pixels) { p.Brightness(.55) }, "colour": func(p Pixels) { p.Saturation(.55) },
		"contrast": func(p Pixels) { p.Contrast(.55, p.GreyMean()) }, "sharpness": func(p Pixels) { p.sharpen(.55) },
		"posterise": func(p Pixels) { p.posterise(6) }, "solarise": func(p Pixels) { p.Solarise(.5) },
		"identity": func(Pixels) {}, "auto-contrast": Pixels.autoContrast, "equalise": Pixels.equalise,
	} {
		at := slices.IndexFunc(randOps, func(o randOp) bool { return o.name == name })
		if at < 0 {
			t.Fatalf("no operation %s", name)
		}
		p := noise(2, 1, 30, 40)
		q := p.clone()
		randOps[at].change(p, .5, -1)
		want(q)
		near(t, name, p.Data, q.Data, 1e-6)
	}
	if len(randOps) != 14 {
		t.Errorf("%d operations, want torchvision's 14", len(randOps))
	}
}
