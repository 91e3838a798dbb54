package pretext

import (
	"fmt"
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// VideoText shows one clip beside its caption; the captions of other videos
// are negatives (CLIP, arXiv:2103.00020).
type VideoText struct{ env Env }

var _ Task = (*VideoText)(nil)

var videoTextEntry = Entry{
	Name: "video-text",
	Doc:  "a clip and its caption belong together, all other captions are negatives",
	New:  func(_ any, env Env) (Task, error) { return &VideoText{env}, nil },
}

// Spec is one anchor, with the caption as the second modality.
func (t *VideoText) Spec() Spec { return Spec{Roles: []Role{Anchor}, Text: true} }

// Spans draws one clip.
func (t *VideoText) Spans(rng *rand.Rand, v Video) ([]media.Span, error) {
	return t.env.span(rng, v)
}

// Views renders the clip. A video without a caption is an error.
func (t *VideoText) Views(rng *rand.Rand, v Video, clips []*media.Clip) ([]View, error) {
	if v.Caption == "" {
		return nil, fmt.Errorf("pretext: video-text: %s has no caption: add it to the caption column or leave the video out", v.Name)
	}
	return t.env.views(rng, "video-text", v, clips, shot{role: Anchor})
}
