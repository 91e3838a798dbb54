package pretext

import (
	"fmt"
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// shot is the plan of one view.
type shot struct {
	role   Role
	clip   int   // which of the clips
	order  []int // source position of each shown frame; nil: in order
	target int   // of Predict views
}

// views renders the shots one after the other, each with draws of its own.
func (e Env) views(rng *rand.Rand, task string, v Video, clips []*media.Clip, shots ...shot) ([]View, error) {
	views := make([]View, len(shots))
	for i, s := range shots {
		if s.clip >= len(clips) {
			return nil, fmt.Errorf("pretext: %s: %s: %d clips, want %d as drawn by Spans", task, v.Name, len(clips), s.clip+1)
		}
		clip := clips[s.clip]
		views[i] = View{Role: s.role, Target: -1, Span: clip.Span, Order: s.order}
		if s.role == Predict {
			views[i].Target = s.target
		}
		data, err := media.RenderAugmented(rng, inOrder(clip, s.order), e.Clip, e.Augment.View(i))
		if err != nil {
			return nil, fmt.Errorf("pretext: %s: %s: %w", task, v.Name, err)
		}
		views[i].Data = data
	}
	return views, nil
}

// span draws the one clip of a task.
func (e Env) span(rng *rand.Rand, v Video) ([]media.Span, error) {
	s, err := e.Clip.TrainSpan(rng, v.Frames)
	return []media.Span{s}, err
}

// pair draws two clips by their distance in time.
func (e Env) pair(rng *rand.Rand, v Video, gap media.GapConfig) ([]media.Span, error) {
	pair := gap.Pair(rng, v.Frames, e.Clip)
	return e.Clip.Fit(v.Frames, pair[:]...)
}

// inOrder returns the clip with its frames in another order. Frames move before
// anything is computed from them, so that differences are those of the clip as
// it is shown.
func inOrder(clip *media.Clip, order []int) *media.Clip {
	if order == nil || len(order) != len(clip.Frames) {
		return clip // a clip of the wrong length is refused where it is rendered
	}
	shown := &media.Clip{Video: clip.Video, Span: clip.Span, Frames: make([]*media.Frame, len(order))}
	for to, from := range order {
		shown.Frames[to] = clip.Frames[from]
	}
	return shown
}
