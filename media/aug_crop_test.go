package media

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestRandomCrop(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	a := DefaultAugment()
	const draws = 20000
	var area, logAspect, x float64
	least, most := 1., 0.
	for range draws {
		r := RandomCrop(rng, 160, 120, a)
		if r.X < 0 || r.Y < 0 || r.X+r.W > 160+1e-9 || r.Y+r.H > 120+1e-9 {
			t.Fatalf("crop %+v leaves 160 x 120", r)
		}
		share, aspect := r.W*r.H/(160*120), r.W/r.H
		if share < .6-1e-9 || share > 1+1e-9 || aspect < .75-1e-9 || aspect > 4./3+1e-9 {
			t.Fatalf("crop %+v: share %g, aspect %g", r, share, aspect)
		}
		area += share / draws
		logAspect += math.Log(aspect) / draws
		x += (r.X + r.W/2) / draws
		least, most = min(least, share), max(most, share)
	}
	// Wide pictures favour wide crops: only those that fit are kept.
	if logAspect < 0 || area > .8 || area < .7 || least > .605 || most < .97 {
		t.Errorf("mean area %g from %g to %g, mean log aspect %g", area, least, most, logAspect)
	}
	if math.Abs(x-80) > 1 { // standard error .1 pixels
		t.Errorf("mean centre %g, want 80", x)
	}
}

func TestRandomCropFallsBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	a := DefaultAugment()
	a.CropMin = 1
	if r, want := RandomCrop(rng, 300, 100, a), (Rect{X: 250. / 3, Y: 0, W: 400. / 3, H: 100}); math.Abs(r.X-want.X)+math.Abs(r.W-want.W)+r.Y+math.Abs(r.H-100) > 1e-9 {
		t.Errorf("wide: %+v, want %+v", r, want)
	}
	if r := RandomCrop(rng, 100, 300, a); math.Abs(r.W-100)+math.Abs(r.H-400./3) > 1e-9 || r.X != 0 {
		t.Errorf("tall: %+v, want the largest central one of aspect 3/4", r)
	}
	if r := RandomCrop(rng, 64, 48, NoAugment()); r != (Rect{X: 8, Y: 0, W: 48, H: 48}) {
		t.Errorf("no augmentation: %+v, want the central square", r)
	}
}
