package pretext

import (
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// RhoClips takes ρ clips of one video as an anchor and ρ-1 positives, each under
// its own augmentation: features are to persist over the video
// (arXiv:2104.14558).
type RhoClips struct {
	cfg media.RhoConfig
	env Env
}

var _ Task = (*RhoClips)(nil)

var rhoClipsEntry = Entry{
	Name:    "rho-clips",
	Doc:     "2 or more clips of one video are anchor and positives, their gaps bounded",
	Section: "rho",
	Config:  func() any { c := DefaultRho(); return &c },
	New: func(cfg any, env Env) (Task, error) {
		c, err := settings("rho-clips", cfg, DefaultRho)
		if err == nil {
			err = c.Validate()
		}
		if err != nil {
			return nil, err
		}
		return &RhoClips{c.RhoConfig, env}, nil
	},
}

// RhoClipsConfig holds the settings of rho-clips.
type RhoClipsConfig struct {
	media.RhoConfig `yaml:",inline"`
}

// DefaultRho is two clips anywhere.
func DefaultRho() RhoClipsConfig { return RhoClipsConfig{media.DefaultRho()} }

// Validate names the first setting that is out of bounds.
func (c RhoClipsConfig) Validate() error { return c.RhoConfig.Validate("rho") }

// Spec is an anchor and its positives.
func (t *RhoClips) Spec() Spec {
	roles := make([]Role, t.cfg.Clips)
	for i := range roles {
		roles[i] = Positive
	}
	roles[0] = Anchor
	return Spec{Roles: roles}
}

// Spans draws the clips.
func (t *RhoClips) Spans(rng *rand.Rand, v Video) ([]media.Span, error) {
	return t.cfg.Spans(rng, v.Frames, t.env.Clip)
}

// Views renders one view of each clip.
func (t *RhoClips) Views(rng *rand.Rand, v Video, clips []*media.Clip) ([]View, error) {
	shots := make([]shot, t.cfg.Clips)
	for i, role := range t.Spec().Roles {
		shots[i] = shot{role: role, clip: i}
	}
	return t.env.views(rng, "rho-clips", v, clips, shots...)
}
