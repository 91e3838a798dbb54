package framecache

import (
	"testing"

	"github.com/clvid/clvid/media"
)

// Where a video's size changes across the side, its large pictures are reduced
// though its small ones stay.
func TestReducedWithSmallPictures(t *testing.T) {
	picture := func(side int) *media.Frame {
		f := &media.Frame{Image: media.Image{W: side, H: side, SubX: 1, SubY: 1}}
		for p, s := range []int{side, side / 2, side / 2} {
			f.Planes[p], f.Strides[p] = make([]byte, s*s), s
		}
		return f
	}
	small := picture(32)
	v := &video{reducer: reducer{side: 32}}
	out, err := v.reduced([]*media.Clip{{Frames: []*media.Frame{small, picture(64)}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := out[0].Frames; got[0] != small || got[1].W != 32 || got[1].H != 32 {
		t.Errorf("pictures of %d and %d px, want both of 32, the first as it was", got[0].W, got[1].W)
	}
}
