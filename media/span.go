package media

import "fmt"

// Span names T = N frames of a video in display order: Start, Start+Stride, …,
// or those that Picks lists, in any order. Frames past the end wrap around
// (CVRL, arXiv:2008.03800), so that a short video loops.
type Span struct {
	Start  int   `json:"start"`            // first frame, at least 0
	N      int   `json:"n"`                // frames, at least 1
	Stride int   `json:"stride"`           // source frames from one to the next, at least 1
	Picks  []int `json:"frames,omitempty"` // N frames, each at least 0, in place of Start and Stride; nil for none
}

// Frame returns the source frame of position j in a video of n frames.
func (s Span) Frame(j, n int) int {
	if s.Picks != nil {
		return s.Picks[j] % n
	}
	return (s.Start + j*s.Stride) % n
}

// Validate names what is out of bounds.
func (s Span) Validate() error {
	if s.Picks == nil {
		if s.Start < 0 || s.N < 1 || s.Stride < 1 {
			return fmt.Errorf("media: span {start %d, n %d, stride %d}, want start >= 0, n >= 1, stride >= 1", s.Start, s.N, s.Stride)
		}
		return nil
	}
	if s.N < 1 || s.N != len(s.Picks) {
		return fmt.Errorf("media: span of %d frames that lists %d, want equal numbers of at least 1", s.N, len(s.Picks))
	}
	for j, i := range s.Picks {
		if i < 0 {
			return fmt.Errorf("media: span lists frame %d in place %d, want at least 0", i, j)
		}
	}
	return nil
}
