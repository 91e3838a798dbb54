package media

import (
	"fmt"
	"math/rand/v2"
)

// MultiCropConfig adds small views of small parts of a clip to two global ones
// (multi-crop, SwAV, arXiv:2006.09882; DINO, arXiv:2104.14294). Global views are
// those of ClipConfig and AugmentConfig.
type MultiCropConfig struct {
	Local    int     `yaml:"local" doc:"small views of a clip beside two global ones, 0 to 16"`
	Size     int     `yaml:"size" doc:"height and width of a small view in pixels"`
	CropMin  float64 `yaml:"crop_min" doc:"least share of the picture's area in a small view"`
	CropMax  float64 `yaml:"crop_max" doc:"largest share, in [crop_min, 1]"`
	BlurProb float64 `yaml:"blur_prob" doc:"probability of a Gaussian blur of a small view"`
}

// globalViews are as large as media.size says.
const globalViews = 2

// DefaultMultiCrop is SwAV's: six views of 96 pixels beside two of 224.
func DefaultMultiCrop() MultiCropConfig {
	return MultiCropConfig{Local: 6, Size: 96, CropMin: .05, CropMax: .14, BlurProb: .5}
}

// Validate names the first setting that is out of bounds; section is where the
// settings stand.
func (m MultiCropConfig) Validate(section string) error {
	for _, b := range []bound{
		{"local", float64(m.Local), 0, 16},
		{"size", float64(m.Size), 8, maxSize},
		{"crop_min", m.CropMin, .01, 1},
		{"crop_max", m.CropMax, m.CropMin, 1},
		{"blur_prob", m.BlurProb, 0, 1},
	} {
		if !(b.value >= b.low && b.value <= b.top) {
			return fmt.Errorf("media: %s.%s is %g, want %g to %g", section, b.name, b.value, b.low, b.top)
		}
	}
	return nil
}

// Views is how many views RenderMultiCrop makes.
func (m MultiCropConfig) Views() int { return globalViews + m.Local }

// View returns the settings of view i: the global ones first.
func (m MultiCropConfig) View(i int, c ClipConfig, a AugmentConfig) (ClipConfig, AugmentConfig) {
	if i < globalViews {
		return c, a.View(i)
	}
	c.Size = m.Size
	a.CropMin, a.CropMax, a.BlurProb, a.Solarise = m.CropMin, m.CropMax, m.BlurProb, 0
	return c, a
}

// RenderMultiCrop draws all views of a clip, the global ones first. View i has
// the shape of the ClipConfig that View(i) returns.
func RenderMultiCrop(rng *rand.Rand, clip *Clip, c ClipConfig, a AugmentConfig, m MultiCropConfig) ([][]float32, error) {
	views := make([][]float32, m.Views())
	for i := range views {
		clipOf, augmentOf := m.View(i, c, a)
		var err error
		if views[i], err = RenderAugmented(rng, clip, clipOf, augmentOf); err != nil {
			return nil, err
		}
	}
	return views, nil
}
