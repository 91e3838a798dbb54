package media

import "fmt"

// AugmentConfig says what may change between two views of one clip. Every
// parameter is drawn once per view and holds for all its frames: drawn per
// frame, it would be a motion that is not in the video. It is the section
// `augment` of a run's settings.
type AugmentConfig struct {
	CropMin   float64 `yaml:"crop_min" doc:"least share of the picture's area, in (0, 1]"`
	CropMax   float64 `yaml:"crop_max" doc:"largest share, in [crop_min, 1]"`
	AspectMin float64 `yaml:"aspect_min" doc:"least width / height of a crop"`
	AspectMax float64 `yaml:"aspect_max" doc:"largest width / height of a crop"`
	Flip      float64 `yaml:"flip" doc:"probability of a mirror image, left to right"`

	ColourStrength float64 `yaml:"colour_strength" doc:"s: factors are U(1 - .8s, 1 + .8s), in [0, 1.25]"`
	ColourProb     float64 `yaml:"colour_prob" doc:"probability of each of brightness, contrast, saturation, hue"`
	Hue            float64 `yaml:"hue" doc:"largest turn of the hue, of a whole turn, in [0, .5]"`
	Grey           float64 `yaml:"grey" doc:"probability of a picture without colour"`

	BlurProb     float64 `yaml:"blur_prob" doc:"probability of a Gaussian blur"`
	BlurSigmaMin float64 `yaml:"blur_sigma_min" doc:"pixels of the view"`
	BlurSigmaMax float64 `yaml:"blur_sigma_max" doc:"pixels of the view"`
	Solarise     float64 `yaml:"solarise" doc:"probability that x >= .5 becomes 1 - x"`

	// PerFrame draws crop, mirror, colour and blur anew for every frame. It is a control
	// that must fail: contrast is then learned from the draws, and no motion.
	PerFrame bool `yaml:"per_frame" doc:"draw anew for each frame: the control that must learn no motion"`
}

// DefaultAugment is the recipe of the synthetic motion set. It does not mirror,
// for left and right are classes there.
func DefaultAugment() AugmentConfig {
	return AugmentConfig{
		CropMin: .6, CropMax: 1, AspectMin: 3. / 4, AspectMax: 4. / 3,
		ColourStrength: .3, ColourProb: .8, Grey: .2,
		BlurSigmaMin: .1, BlurSigmaMax: 2,
	}
}

// NoAugment shows the central square of the picture as it is.
func NoAugment() AugmentConfig {
	return AugmentConfig{CropMin: 1, CropMax: 1, AspectMin: 1, AspectMax: 1, BlurSigmaMin: .1, BlurSigmaMax: 2}
}

// Validate names the first setting that is out of bounds.
func (a AugmentConfig) Validate() error {
	for _, b := range []struct {
		name            string
		value, low, top float64
	}{
		{"crop_min", a.CropMin, .01, 1},
		{"crop_max", a.CropMax, a.CropMin, 1},
		{"aspect_min", a.AspectMin, .1, 10},
		{"aspect_max", a.AspectMax, a.AspectMin, 10},
		{"flip", a.Flip, 0, 1},
		{"colour_strength", a.ColourStrength, 0, 1.25},
		{"colour_prob", a.ColourProb, 0, 1},
		{"hue", a.Hue, 0, .5},
		{"grey", a.Grey, 0, 1},
		{"blur_prob", a.BlurProb, 0, 1},
		{"blur_sigma_min", a.BlurSigmaMin, .05, 50},
		{"blur_sigma_max", a.BlurSigmaMax, a.BlurSigmaMin, 50},
		{"solarise", a.Solarise, 0, 1},
	} {
		if !(b.value >= b.low && b.value <= b.top) { // also refuses NaN
			return fmt.Errorf("media: augment.%s is %g, want %g to %g", b.name, b.value, b.low, b.top)
		}
	}
	return nil
}
