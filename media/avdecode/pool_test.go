package avdecode

import (
	"sync"
	"testing"

	"github.com/clvid/clvid/media"
)

// Released memory comes back in later clips, and no clip in use changes.
func TestReleasedClipsLeaveOthersAlone(t *testing.T) {
	path := small(t, 40)
	want := sequence(t, open(t, plain(), path))
	d := plain()
	var wg sync.WaitGroup
	for g := range 4 {
		v := open(t, d, path)
		wg.Go(func() {
			for i := range 20 {
				clips, err := v.Clips(t.Context(), media.Span{Start: (7*g + i) % 40, N: 6, Stride: 2}, media.Span{Start: i, N: 5, Stride: 3})
				if err != nil {
					t.Error(err)
					return
				}
				clips[i%2].Release()
				clips[i%2].Release()
				for _, f := range clips[1-i%2].Frames {
					if hash(&f.Image) != want[f.Index] {
						t.Errorf("frame %d of a clip in use changed", f.Index)
					}
				}
				if i%3 > 0 { // the others are forgotten
					clips[1-i%2].Release()
				}
			}
		})
	}
	wg.Wait()
}
