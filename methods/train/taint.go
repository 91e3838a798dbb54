package train

import (
	"errors"

	"github.com/clvid/clvid/media"
)

// taint is what the failed draws of a sample told of the damage to its video.
type taint struct {
	first error
	bad   []int // damaged frames
}

func (t *taint) add(err error) {
	if t.first == nil {
		t.first = err
	}
	if d := (*media.Damage)(nil); errors.As(err, &d) {
		for _, r := range d.Ranges {
			t.bad = append(t.bad, r.First)
		}
	}
}

const (
	blindDraws   = media.MaxAttempts / 2 // that may lie anywhere
	leastStretch = 4                     // a clear stretch under this part of the video would repeat few frames
)

// around is the part of the video that an attempt draws from.
func (t *taint) around(v media.Video, attempt int) media.Video {
	if attempt < blindDraws {
		return v
	}
	if clear := media.Clear(v, t.bad); clear.Len()*leastStretch >= v.Len() {
		return clear
	}
	return v
}
