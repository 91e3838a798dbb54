package pretext

import (
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// PairsConfig holds the settings of clip-pairs.
type PairsConfig struct {
	Gap media.GapConfig `yaml:"gap" doc:"distance in time between the two clips"`
}

// DefaultPairs is CVRL's linear gap over the whole video.
func DefaultPairs() PairsConfig { return PairsConfig{Gap: media.DefaultGap()} }

// Validate names the first setting that is out of bounds.
func (c PairsConfig) Validate() error { return c.Gap.Validate("pairs.gap") }

// ClipPairs takes two clips of one video as anchor and positive, each under its
// own augmentation (CVRL, arXiv:2008.03800). Departs from it: no asymmetric blur and
// solarisation; both views draw from the same augmentation.
type ClipPairs struct {
	cfg PairsConfig
	env Env
}

var _ Task = (*ClipPairs)(nil)

var clipPairsEntry = Entry{
	Name:    "clip-pairs",
	Doc:     "two clips of one video are anchor and positive, all other videos negatives",
	Section: "pairs",
	Config:  func() any { c := DefaultPairs(); return &c },
	New: func(cfg any, env Env) (Task, error) {
		c, err := settings("clip-pairs", cfg, DefaultPairs)
		if err == nil {
			err = c.Validate()
		}
		if err != nil {
			return nil, err
		}
		return &ClipPairs{c, env}, nil
	},
}

// Spec is an anchor and a positive.
func (t *ClipPairs) Spec() Spec { return Spec{Roles: []Role{Anchor, Positive}} }

// Spans draws two clips.
func (t *ClipPairs) Spans(rng *rand.Rand, v Video) ([]media.Span, error) {
	return t.env.pair(rng, v, t.cfg.Gap)
}

// Views renders one view of each clip.
func (t *ClipPairs) Views(rng *rand.Rand, v Video, clips []*media.Clip) ([]View, error) {
	return t.env.views(rng, "clip-pairs", v, clips, shot{role: Anchor}, shot{role: Positive, clip: 1})
}
