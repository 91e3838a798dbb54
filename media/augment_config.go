package media

import (
	"fmt"
	"slices"
	"strings"
)

// AugmentConfig says what may change between two views of one clip. Every
// parameter is drawn once per view and holds for all its frames: drawn per
// frame, it would be a motion that is not in the video. It is the section
// `augment` of a run's settings.
type AugmentConfig struct {
	CropRule     string  `yaml:"crop_rule" doc:"fraction, torchvision, inception (a share of the area) or short-side (a square of a scaled picture)"`
	CropMin      float64 `yaml:"crop_min" doc:"least share of the picture's area, in (0, 1]"`
	CropMax      float64 `yaml:"crop_max" doc:"largest share, in [crop_min, 1]"`
	AspectMin    float64 `yaml:"aspect_min" doc:"least width / height of a crop"`
	AspectMax    float64 `yaml:"aspect_max" doc:"largest width / height of a crop"`
	ShortSideMin int     `yaml:"short_side_min" doc:"short-side: least short side, in pixels, of the picture that media.size is cut from"`
	ShortSideMax int     `yaml:"short_side_max" doc:"short-side: largest, at least short_side_min"`
	Flip         float64 `yaml:"flip" doc:"probability of a mirror image, left to right"`

	RandOps       int     `yaml:"rand_ops" doc:"operations of RandAugment on a view, 0 to 10; 0 is off"`
	RandMagnitude float64 `yaml:"rand_magnitude" doc:"strength of each, 0 to 30"`

	ColourStyle    string  `yaml:"colour_style" doc:"linear (each by chance, cut to [0,1] once), simclr or torchvision (all or none, cut each)"`
	ColourOrder    string  `yaml:"colour_order" doc:"simclr and torchvision: random, or fixed: brightness, contrast, saturation, hue"`
	ColourPerFrame bool    `yaml:"colour_per_frame" doc:"simclr and torchvision: draw colours anew for each frame (pace prediction)"`
	ColourStrength float64 `yaml:"colour_strength" doc:"s: factors are U(1 - xs, 1 + xs) for x below, s in [0, 1.25]"`
	ColourProb     float64 `yaml:"colour_prob" doc:"probability of the change of colour; linear: of each of its four parts"`
	Brightness     float64 `yaml:"brightness" doc:"x of brightness, in [0, 1]"`
	Contrast       float64 `yaml:"contrast" doc:"x of contrast, in [0, 1]"`
	Saturation     float64 `yaml:"saturation" doc:"x of saturation, in [0, 1]"`
	Hue            float64 `yaml:"hue" doc:"largest turn of the hue, of a whole turn, in [0, .5]"`
	Grey           float64 `yaml:"grey" doc:"probability of a picture without colour"`

	BlurProb     float64 `yaml:"blur_prob" doc:"probability of a Gaussian blur"`
	BlurSigmaMin float64 `yaml:"blur_sigma_min" doc:"pixels of the view"`
	BlurSigmaMax float64 `yaml:"blur_sigma_max" doc:"pixels of the view"`
	BlurRule     string  `yaml:"blur_rule" doc:"sigma (ends at 3 sigma), simclr (a tenth of the size, black beyond) or torchvision (blur_taps, reflecting)"`
	BlurTaps     int     `yaml:"blur_taps" doc:"torchvision: odd number of taps"`

	Solarise          float64 `yaml:"solarise" doc:"probability that bright values turn dark: x becomes 1 - x"`
	SolariseThreshold float64 `yaml:"solarise_threshold" doc:"least x that does"`

	Erase          float64 `yaml:"erase" doc:"probability that a rectangle is erased (random erasing)"`
	EraseMin       float64 `yaml:"erase_min" doc:"its least share of the view's area"`
	EraseMax       float64 `yaml:"erase_max" doc:"its largest share"`
	EraseAspectMin float64 `yaml:"erase_aspect_min" doc:"its least height / width"`
	EraseAspectMax float64 `yaml:"erase_aspect_max" doc:"its largest height / width"`
	EraseFill      string  `yaml:"erase_fill" doc:"mean (0 once normalised) or noise (still over time)"`
	Cutout         float64 `yaml:"cutout" doc:"probability that a square is erased whose centre lies anywhere (cutout)"`
	CutoutSize     float64 `yaml:"cutout_size" doc:"its side, as a share of the view's"`

	SecondBlurProb float64 `yaml:"second_blur_prob" doc:"blur_prob of all views after the first of a video; -1: as the first"`
	SecondSolarise float64 `yaml:"second_solarise" doc:"solarise of all views after the first; -1: as the first"`

	// PerFrame draws all of it anew for every frame. It is a control that must
	// fail: contrast is then learned from the draws, and no motion.
	PerFrame bool `yaml:"per_frame" doc:"draw all anew for each frame: the control that must learn no motion"`
}

// NoAugment shows the central square of the picture as it is.
func NoAugment() AugmentConfig {
	return AugmentConfig{
		CropRule: CropFraction, CropMin: 1, CropMax: 1, AspectMin: 1, AspectMax: 1, ShortSideMin: 256, ShortSideMax: 320,
		RandMagnitude: 9,
		ColourStyle:   ColourLinear, ColourOrder: OrderRandom, Brightness: .8, Contrast: .8, Saturation: .8,
		BlurSigmaMin: .1, BlurSigmaMax: 2, BlurRule: BlurSigma, BlurTaps: 23, SolariseThreshold: .5,
		EraseMin: .02, EraseMax: 1. / 3, EraseAspectMin: .3, EraseAspectMax: 3.3, EraseFill: FillMean, CutoutSize: .5,
		SecondBlurProb: asFirst, SecondSolarise: asFirst,
	}
}

// DefaultAugment is the recipe of the synthetic motion set. It does not mirror,
// for left and right are classes there.
func DefaultAugment() AugmentConfig {
	a := NoAugment()
	a.CropMin, a.AspectMin, a.AspectMax = .6, 3./4, 4./3
	a.ColourStrength, a.ColourProb, a.Grey = .3, .8, .2
	return a
}

// asFirst stands for a probability of later views that is that of the first.
const asFirst = -1

// View returns the settings of view i of a video, from 0: CVRL, BYOL and DINO
// blur and solarise the first view otherwise than the second.
func (a AugmentConfig) View(i int) AugmentConfig {
	if i > 0 && a.SecondBlurProb != asFirst {
		a.BlurProb = a.SecondBlurProb
	}
	if i > 0 && a.SecondSolarise != asFirst {
		a.Solarise = a.SecondSolarise
	}
	return a
}

// Summary tells what is on, for people.
func (a AugmentConfig) Summary() string {
	parts := []string{fmt.Sprintf("crop %g–%g", a.CropMin, a.CropMax)}
	if a.CropRule == CropShortSide {
		parts[0] = fmt.Sprintf("short side %d–%d", a.ShortSideMin, a.ShortSideMax)
	}
	add := func(on bool, format string, v ...any) {
		if on {
			parts = append(parts, fmt.Sprintf(format, v...))
		}
	}
	add(a.Flip > 0, "flip %g", a.Flip)
	add(a.RandOps > 0, "%d of RandAugment, magnitude %g", a.RandOps, a.RandMagnitude)
	add(a.ColourProb > 0 && (a.ColourStrength > 0 || a.Hue > 0), "colour %g (%s), hue %g", a.ColourStrength, a.ColourStyle, a.Hue)
	add(a.ColourPerFrame, "drawn per frame")
	add(a.Grey > 0, "grey %g", a.Grey)
	add(a.BlurProb > 0, "blur %g", a.BlurProb)
	add(a.Solarise > 0, "solarise %g", a.Solarise)
	add(a.SecondBlurProb != asFirst, "later views blur %g", a.SecondBlurProb)
	add(a.SecondSolarise != asFirst, "later views solarise %g", a.SecondSolarise)
	add(a.Erase > 0, "erase %g", a.Erase)
	add(a.Cutout > 0, "cutout %g", a.Cutout)
	add(a.PerFrame, "augmentation drawn per frame")
	return strings.Join(parts, ", ")
}

// Validate names the first setting that is out of bounds.
func (a AugmentConfig) Validate() error {
	for _, w := range []struct {
		name, value string
		of          []string
	}{
		{"crop_rule", a.CropRule, []string{CropFraction, CropTorchvision, CropInception, CropShortSide}},
		{"colour_style", a.ColourStyle, []string{ColourLinear, ColourSimCLR, ColourTorchvision}},
		{"colour_order", a.ColourOrder, []string{OrderRandom, OrderFixed}},
		{"blur_rule", a.BlurRule, []string{BlurSigma, BlurSimCLR, BlurTorchvision}},
		{"erase_fill", a.EraseFill, []string{FillMean, FillNoise}},
	} {
		if !slices.Contains(w.of, w.value) {
			return fmt.Errorf("media: augment.%s is %q, want %s", w.name, w.value, strings.Join(w.of, ", "))
		}
	}
	for _, b := range a.bounds() {
		if !(b.value >= b.low && b.value <= b.top) { // also refuses NaN
			return fmt.Errorf("media: augment.%s is %g, want %g to %g", b.name, b.value, b.low, b.top)
		}
	}
	switch {
	case a.BlurTaps%2 == 0:
		return fmt.Errorf("media: augment.blur_taps is %d, want an odd number", a.BlurTaps)
	case a.ColourPerFrame && a.ColourStyle == ColourLinear:
		return fmt.Errorf("media: augment.colour_per_frame goes with augment.colour_style %s or %s", ColourSimCLR, ColourTorchvision)
	}
	return nil
}

type bound struct {
	name            string
	value, low, top float64
}

func (a AugmentConfig) bounds() []bound {
	return []bound{
		{"crop_min", a.CropMin, .01, 1},
		{"crop_max", a.CropMax, a.CropMin, 1},
		{"aspect_min", a.AspectMin, .1, 10},
		{"aspect_max", a.AspectMax, a.AspectMin, 10},
		{"short_side_min", float64(a.ShortSideMin), 8, 8192},
		{"short_side_max", float64(a.ShortSideMax), float64(a.ShortSideMin), 8192},
		{"flip", a.Flip, 0, 1},
		{"rand_ops", float64(a.RandOps), 0, 10},
		{"rand_magnitude", a.RandMagnitude, 0, 30},
		{"colour_strength", a.ColourStrength, 0, 1.25},
		{"colour_prob", a.ColourProb, 0, 1},
		{"brightness", a.Brightness, 0, 1},
		{"contrast", a.Contrast, 0, 1},
		{"saturation", a.Saturation, 0, 1},
		{"hue", a.Hue, 0, .5},
		{"grey", a.Grey, 0, 1},
		{"blur_prob", a.BlurProb, 0, 1},
		{"blur_sigma_min", a.BlurSigmaMin, .05, 50},
		{"blur_sigma_max", a.BlurSigmaMax, a.BlurSigmaMin, 50},
		{"blur_taps", float64(a.BlurTaps), 1, 255},
		{"solarise", a.Solarise, 0, 1},
		{"solarise_threshold", a.SolariseThreshold, 0, 1},
		{"erase", a.Erase, 0, 1},
		{"erase_min", a.EraseMin, .001, 1},
		{"erase_max", a.EraseMax, a.EraseMin, 1},
		{"erase_aspect_min", a.EraseAspectMin, .1, 10},
		{"erase_aspect_max", a.EraseAspectMax, a.EraseAspectMin, 10},
		{"cutout", a.Cutout, 0, 1},
		{"cutout_size", a.CutoutSize, .01, 2},
		{"second_blur_prob", a.SecondBlurProb, asFirst, 1},
		{"second_solarise", a.SecondSolarise, asFirst, 1},
	}
}
