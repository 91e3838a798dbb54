package pretext

import (
	"fmt"
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// ActionRecognition shows one clip whose label must be named: supervised
// training in the shape of a pretext task.
type ActionRecognition struct{ env Env }

var _ Task = (*ActionRecognition)(nil)

var actionRecognitionEntry = Entry{
	Name: "action-recognition",
	Doc:  "the label of the video must be named (supervised)",
	New: func(_ any, env Env) (Task, error) {
		if env.Classes < 2 {
			return nil, fmt.Errorf("pretext: action-recognition: the data set has %d labels, want at least 2: "+
				"give a folder for each class or a label column", env.Classes)
		}
		return &ActionRecognition{env}, nil
	},
}

// Spec is one view with a target.
func (t *ActionRecognition) Spec() Spec {
	return Spec{Roles: []Role{Predict}, Classes: t.env.Classes}
}

// Spans draws one clip.
func (t *ActionRecognition) Spans(rng *rand.Rand, v Video) ([]media.Span, error) {
	return t.env.span(rng, v)
}

// Views renders the clip. A video without a label is an error.
func (t *ActionRecognition) Views(rng *rand.Rand, v Video, clips []*media.Clip) ([]View, error) {
	if v.Class < 0 || v.Class >= t.env.Classes {
		return nil, fmt.Errorf("pretext: action-recognition: %s has class %d, want 0 to %d: label it or leave it out by --split", v.Name, v.Class, t.env.Classes-1)
	}
	return t.env.views(rng, "action-recognition", v, clips, shot{role: Predict, target: v.Class})
}
