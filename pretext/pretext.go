// Package pretext turns clips into training samples: views and targets from
// which a network learns without labels. It knows no tensors and no network.
package pretext

import (
	"math/rand/v2"

	"github.com/clvid/clvid/media"
)

// Role is what a view is for in the loss.
type Role uint8

const (
	// Anchor views are compared with all others.
	Anchor Role = iota
	// Positive views belong to the anchor of their video.
	Positive
	// Negative views are hard negatives: near copies of the anchor that must
	// be told apart from it.
	Negative
	// Predict views carry a target that a classification head must name.
	Predict
)

// String names the role.
func (r Role) String() string {
	switch r {
	case Anchor:
		return "anchor"
	case Positive:
		return "positive"
	case Negative:
		return "negative"
	case Predict:
		return "predict"
	}
	return "unknown"
}

// Video is one item as tasks see it.
type Video struct {
	Index   int    // position in the data set, from 0
	Name    string // for messages
	Class   int    // label, -1 where there is none
	Caption string // drawn for this sample; empty where there is none
	Frames  int    // frames in display order
}

// Spec is what a task yields for every video, the same for each.
type Spec struct {
	Roles   []Role
	Classes int  // number of targets of the Predict views, 0 without
	Text    bool // the caption is the second modality
}

// View is one rendered clip.
type View struct {
	Role   Role
	Data   []float32  // (C,T,H,W)
	Target int        // in [0, Spec.Classes) for Predict views, else -1
	Span   media.Span // where it was cut
	Order  []int      // source position of each shown frame; nil where in order
}

// Task is one pretext task. Implementations are read-only after construction.
type Task interface {
	Spec() Spec
	// Spans draws the clips that Views needs. They are decoded in one pass. A
	// video from which they cannot be drawn is set aside.
	Spans(rng *rand.Rand, v Video) ([]media.Span, error)
	// Views renders one view for each role of the Spec, in that order, from
	// the clips of Spans, continuing the same rng.
	Views(rng *rand.Rand, v Video, clips []*media.Clip) ([]View, error)
}

// Part is one weighted task of a run.
type Part struct {
	Name   string
	Weight float64
	Task   Task
}

// Sample is what one video contributes to a batch: Views[p][i] is view i of
// part p. Tokens are the token ids (L) of its caption, with Mask 1 on real tokens.
type Sample struct {
	Video  Video
	Views  [][]View
	Tokens []int32
	Mask   []float32
}
