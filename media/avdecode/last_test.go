package avdecode

import (
	"testing"

	"github.com/clvid/clvid/media"
)

func TestLastWanted(t *testing.T) {
	var l lastWanted
	l.note(3)
	if l.sent() {
		t.Error("nothing is expected, but all of it was sent")
	}
	l.expect([]int64{3, 5, 9})
	for _, pts := range []int64{9, 3, 4} {
		if l.note(pts); l.sent() {
			t.Errorf("all was sent at %d", pts)
		}
	}
	if l.note(5); !l.sent() {
		t.Error("not all was sent")
	}
	if l.forget(); l.sent() {
		t.Error("after a seek all was sent")
	}
}

// A picture costs the packets up to its own, not those that the decoder would
// wait for.
func TestDecodingEndsWithTheLastWanted(t *testing.T) {
	path := generate(t, "a.mp4", append(source(""), "-c:v", "libx264", "-g", "100", "-bf", "3", "-x264-params", "b-pyramid=normal")...)
	v := open(t, plain(), path)
	want := sequence(t, v)
	for _, at := range []int{0, 1, 7, 40, 41, 42, 43, 98, 99} {
		before := v.Stats().Frames
		clips, err := v.Clips(t.Context(), media.Span{Start: at, N: 1, Stride: 1})
		if err != nil {
			t.Fatal(err)
		}
		if hash(&clips[0].Frames[0].Image) != want[at] {
			t.Errorf("frame %d differs from sequential decoding", at)
		}
		if sent := v.session.sent; sent > at+5 {
			t.Errorf("%d packets were sent for frame %d", sent, at)
		}
		if n := v.Stats().Frames - before; n > at+1 {
			t.Errorf("%d pictures were decoded for frame %d", n, at)
		}
	}
}
