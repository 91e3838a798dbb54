package pretext

import (
	"fmt"
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// PaceConfig holds the settings of pace-prediction.
type PaceConfig struct {
	Paces int `yaml:"paces" doc:"classes: a clip is shown 1 to so many times as fast, 2 to 16"`
}

// DefaultPace is four paces.
func DefaultPace() PaceConfig { return PaceConfig{Paces: 4} }

// Validate names the first setting that is out of bounds.
func (c PaceConfig) Validate() error {
	if c.Paces < 2 || c.Paces > 16 {
		return fmt.Errorf("pretext: pace-prediction: pace.paces is %d, want 2 to 16", c.Paces)
	}
	return nil
}

// PacePrediction shows one clip at a drawn pace, which must be named
// (arXiv:2008.05861). Frames are the pace times media.stride apart. Past the end
// the clip goes on at the first frame, as in the official code (media.short
// applies to no clip of it): fast clips show the cut more often. There colours
// are drawn for each frame, which augment.colour_per_frame does.
type PacePrediction struct {
	cfg PaceConfig
	env Env
}

var _ Task = (*PacePrediction)(nil)

var pacePredictionEntry = Entry{
	Name:    "pace-prediction",
	Doc:     "the pace at which a clip is shown must be named",
	Section: "pace",
	Config:  func() any { c := DefaultPace(); return &c },
	New: func(cfg any, env Env) (Task, error) {
		c, err := settings("pace-prediction", cfg, DefaultPace)
		if err == nil {
			err = c.Validate()
		}
		if err != nil {
			return nil, err
		}
		return &PacePrediction{c, env}, nil
	},
}

// Spec is one view with a target.
func (t *PacePrediction) Spec() Spec { return Spec{Roles: []Role{Predict}, Classes: t.cfg.Paces} }

// Spans draws a pace, which the span carries as its stride, and a start.
func (t *PacePrediction) Spans(rng *rand.Rand, v Video) ([]media.Span, error) {
	c := t.env.Clip
	stride := (1 + rng.IntN(t.cfg.Paces)) * c.Stride
	start := rng.IntN(v.Frames)
	return []media.Span{{
		Start: start, N: c.Frames, Stride: stride, Picks: media.PaceFrames(start, stride, c.Frames, v.Frames),
	}}, nil
}

// Views renders the clip; the target is its pace less 1.
func (t *PacePrediction) Views(rng *rand.Rand, v Video, clips []*media.Clip) ([]View, error) {
	var s shot
	if len(clips) > 0 {
		s = shot{role: Predict, target: clips[0].Span.Stride/t.env.Clip.Stride - 1}
	}
	return t.env.views(rng, "pace-prediction", v, clips, s)
}
