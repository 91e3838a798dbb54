package media

import (
	"math"
	"math/rand/v2"
	"slices"
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

// ruled draws many crops by a rule and checks their bounds.
func ruled(t *testing.T, rule string, w, h int, a AugmentConfig) (shares, aspects []float64) {
	t.Helper()
	a.CropRule = rule
	rng := rand.New(rand.NewPCG(7, 7))
	for range 4000 {
		r := drawView(rng, w, h, 32, a).Crop
		if r.X < 0 || r.Y < 0 || r.W <= 0 || r.H <= 0 || r.X+r.W > float64(w)+1e-9 || r.Y+r.H > float64(h)+1e-9 {
			t.Fatalf("%s: crop %+v leaves %d x %d", rule, r, w, h)
		}
		if rule != CropShortSide && (r.X != math.Trunc(r.X) || r.W != math.Trunc(r.W) || r.Y != math.Trunc(r.Y) || r.H != math.Trunc(r.H)) {
			t.Fatalf("%s: crop %+v, want whole pixels", rule, r)
		}
		shares, aspects = append(shares, r.W*r.H/float64(w*h)), append(aspects, r.W/r.H)
	}
	return shares, aspects
}

func TestCropRules(t *testing.T) {
	a := DefaultAugment()
	a.CropMin = .2
	shares, aspects := ruled(t, CropTorchvision, 160, 120, a)
	if low, high := slices.Min(shares), slices.Max(shares); low < .19 || low > .22 || high < .95 {
		t.Errorf("torchvision: shares from %g to %g, want about 0.2 to 1", low, high)
	}
	if low, high := slices.Min(aspects), slices.Max(aspects); low < .73 || high > 1.37 {
		t.Errorf("torchvision: aspects from %g to %g, want 0.75 to 1.33 but for rounding", low, high)
	}
	shares, aspects = ruled(t, CropInception, 160, 120, a)
	if low, high := slices.Min(shares), slices.Max(shares); low < .2 || low > .22 || high < .95 || high > 1 {
		t.Errorf("inception: shares from %g to %g, want 0.2 to 1", low, high)
	}
	if low, high := slices.Min(aspects), slices.Max(aspects); low < .73 || high > 1.37 {
		t.Errorf("inception: aspects from %g to %g, want 0.75 to 1.33 but for rounding", low, high)
	}
	for _, size := range [][2]int{{1, 1}, {1, 50}, {3, 2}} { // pictures of hardly a pixel
		ruled(t, CropTorchvision, size[0], size[1], a)
		ruled(t, CropInception, size[0], size[1], a)
		ruled(t, CropShortSide, size[0], size[1], a)
	}
}

// The wanted numbers are of torchvision's RandomResizedCrop.get_params on pictures
// that no try fits (scale 1 to 1, ratio 3/4 to 4/3): (x, y, w, h).
func TestTorchvisionFallback(t *testing.T) {
	a := DefaultAugment()
	for size, want := range map[[2]int]Rect{
		{300, 100}: {83, 0, 133, 100},
		{100, 301}: {0, 84, 100, 133},
		{90, 100}:  {0, 0, 90, 100},
	} {
		if got := TorchvisionFallback(size[0], size[1], a); got != want {
			t.Errorf("%v: %+v, want %+v", size, got, want)
		}
	}
}

// A picture is scaled to a short side of 40 to 80 pixels and 32 are cut.
func TestShortSideCrop(t *testing.T) {
	a := DefaultAugment()
	a.ShortSideMin, a.ShortSideMax = 40, 80
	shares, aspects := ruled(t, CropShortSide, 160, 120, a)
	least, most := 32./80*120, 32./40*120 // sides in source pixels
	if low, high := math.Sqrt(slices.Min(shares)*160*120), math.Sqrt(slices.Max(shares)*160*120); math.Abs(low-least) > 1e-6 || math.Abs(high-most) > 1e-6 {
		t.Errorf("sides from %g to %g, want %g to %g", low, high, least, most)
	}
	if slices.Max(aspects)-slices.Min(aspects) > 1e-9 {
		t.Error("crops are no squares")
	}
	a.ShortSideMin, a.ShortSideMax = 8, 8 // smaller than the view: the whole short side
	if r := ShortSideCrop(rand.New(rand.NewPCG(1, 1)), 160, 120, 32, a); r.H != 120 || r.Y != 0 {
		t.Errorf("crop %+v, want the whole height", r)
	}
}
