package media_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

// A movie whose red is its place tells how much of it a view shows.
func TestMultiCrop(t *testing.T) {
	ramp := mediatest.Movie{W: 200, H: 200, Frames: 4, Paint: func(_, x, _ int) [3]byte { return [3]byte{byte(x), 0, 0} }}
	clip := mediatest.Clip(ramp, media.Span{N: 2, Stride: 1})
	c := media.ClipConfig{Frames: 2, Stride: 1, Size: 32, Input: media.InputRGB}
	a := media.NoAugment()
	a.CropMin, a.CropMax = .5, .8
	m := media.DefaultMultiCrop()
	m.Local, m.Size, m.CropMin, m.CropMax, m.BlurProb = 3, 16, .05, .1, 0
	views, err := media.RenderMultiCrop(rng(1), clip, c, a, m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := media.RenderMultiCrop(rng(1), clip, c, a, m)
	if err != nil {
		t.Fatal(err)
	}
	if len(views) != 5 || m.Views() != 5 {
		t.Fatalf("%d views, want 2 global and 3 local ones", len(views))
	}
	for i, v := range views {
		shape, of := m.View(i, c, a)
		if len(v) != shape.Len() || !slices.Equal(v, again[i]) {
			t.Fatalf("view %d: %d values, want %d, the same for the same draws", i, len(v), shape.Len())
		}
		red := v[:shape.Size] // of one row
		width := float64(slices.Max(red)-slices.Min(red)) * media.NormStd * 255 * float64(shape.Size) / float64(shape.Size-1)
		if share := width * width / 200 / 200; share < of.CropMin*.9 || share > of.CropMax*1.1 {
			t.Errorf("view %d shows %g of the picture, want %g to %g", i, share, of.CropMin, of.CropMax)
		}
	}
}

func TestMultiCropSettings(t *testing.T) {
	m := media.DefaultMultiCrop()
	a := media.NoAugment()
	a.BlurProb, a.SecondBlurProb, a.Solarise, a.SecondSolarise = 1, .1, 0, .2 // DINO's
	for i, want := range [][2]float64{{1, 0}, {.1, .2}, {.5, 0}, {.5, 0}} {
		if _, got := m.View(i, media.DefaultClip(), a); got.BlurProb != want[0] || got.Solarise != want[1] {
			t.Errorf("view %d blurs by %g and solarises by %g, want %v", i, got.BlurProb, got.Solarise, want)
		}
	}
	if err := m.Validate("multi_crop"); err != nil {
		t.Error(err)
	}
	m.CropMax = .01
	if err := m.Validate("multi_crop"); err == nil || !strings.Contains(err.Error(), "multi_crop.crop_max is 0.01, want 0.05 to 1") {
		t.Errorf("Validate = %v", err)
	}
}
