package media

import (
	"math"
	"strings"
	"testing"
)

func TestClipConfig(t *testing.T) {
	for _, tc := range []struct {
		input string
		want  [4]int
	}{{InputRGB, [4]int{3, 8, 48, 48}}, {InputDiff, [4]int{3, 7, 48, 48}}, {InputRGBDiff, [4]int{6, 7, 48, 48}}} {
		c := DefaultClip()
		c.Input = tc.input
		s := c.Shape()
		if s != tc.want || c.Len() != s[0]*s[1]*s[2]*s[3] || c.Validate() != nil {
			t.Errorf("%s: shape %v, %d values, %v, want %v", tc.input, s, c.Len(), c.Validate(), tc.want)
		}
	}
	if got := DefaultClip().Extent(); got != 15 {
		t.Errorf("extent %d, want 15", got)
	}
	for want, change := range map[string]func(*ClipConfig){
		`media.input is "flow", want one of [rgb diff rgb+diff]`:          func(c *ClipConfig) { c.Input = "flow" },
		"media.frames is 1, want 2 to 1024 for input diff":                func(c *ClipConfig) { c.Frames = 1 },
		`media.sampler is "interval", want one of random, uniform, dense`: func(c *ClipConfig) { c.Sampler = "interval" },
		`media.short is "loop", want one of wrap, repeat, fail`:           func(c *ClipConfig) { c.Short = "loop" },
		"media.stride is 0":           func(c *ClipConfig) { c.Stride = 0 },
		"media.size is 100000 pixels": func(c *ClipConfig) { c.Size = 100000 },
	} {
		c := DefaultClip()
		change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
}

func TestAugmentConfig(t *testing.T) {
	for _, a := range []AugmentConfig{DefaultAugment(), NoAugment()} {
		if err := a.Validate(); err != nil {
			t.Error(err)
		}
	}
	for want, change := range map[string]func(*AugmentConfig){
		"augment.crop_min is 0, want 0.01 to 1":                                      func(a *AugmentConfig) { a.CropMin = 0 },
		"augment.crop_max is 0.5, want 0.6 to 1":                                     func(a *AugmentConfig) { a.CropMax = .5 },
		"augment.aspect_max is 0.5, want 0.75":                                       func(a *AugmentConfig) { a.AspectMax = .5 },
		"augment.grey is NaN":                                                        func(a *AugmentConfig) { a.Grey = math.NaN() },
		"augment.flip is 50, want 0 to 1":                                            func(a *AugmentConfig) { a.Flip = 50 },
		"augment.hue is 1, want 0 to 0.5":                                            func(a *AugmentConfig) { a.Hue = 1 },
		"augment.blur_sigma_max is 0, want 0.1 to":                                   func(a *AugmentConfig) { a.BlurSigmaMax = 0 },
		`augment.crop_rule is "", want fraction, torchvision, inception, short-side`: func(a *AugmentConfig) { a.CropRule = "" },
		`augment.colour_style is "pil", want linear, simclr, torchvision`:            func(a *AugmentConfig) { a.ColourStyle = "pil" },
		"augment.blur_taps is 4, want an odd number":                                 func(a *AugmentConfig) { a.BlurTaps = 4 },
		"augment.colour_per_frame goes with":                                         func(a *AugmentConfig) { a.ColourPerFrame = true },
		"augment.short_side_max is 320, want 400 to":                                 func(a *AugmentConfig) { a.ShortSideMin = 400 },
		"augment.rand_ops is 11, want 0 to 10":                                       func(a *AugmentConfig) { a.RandOps = 11 },
		"augment.second_blur_prob is -2, want -1 to 1":                               func(a *AugmentConfig) { a.SecondBlurProb = -2 },
	} {
		a := DefaultAugment()
		change(&a)
		if err := a.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
}

func TestAugmentOfLaterViews(t *testing.T) {
	a := NoAugment()
	a.BlurProb, a.Solarise = 1, .3
	if got := a.View(1); got != a {
		t.Errorf("second view %+v, want the first's settings", got)
	}
	a.SecondBlurProb, a.SecondSolarise = .1, 0
	if first, second := a.View(0), a.View(1); first != a || second.BlurProb != .1 || second.Solarise != 0 {
		t.Errorf("first view blurs by %g, the second by %g and solarises by %g, want 1, 0.1, 0", first.BlurProb, second.BlurProb, second.Solarise)
	}
}

func TestAugmentSummary(t *testing.T) {
	a := DefaultAugment()
	a.BlurProb, a.RandOps = .5, 2
	for want, got := range map[string]string{
		"crop 0.6–1, 2 of RandAugment, magnitude 9, colour 0.3 (linear), hue 0, grey 0.2, blur 0.5": a.Summary(),
		"crop 1–1": NoAugment().Summary(),
	} {
		if got != want {
			t.Errorf("summary %q, want %q", got, want)
		}
	}
}
