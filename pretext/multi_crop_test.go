package pretext_test

import (
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

func TestMultiCrop(t *testing.T) {
	e := env(media.InputDiff)
	m := media.DefaultMultiCrop()
	m.Local, m.Size = 2, 8
	clips, err := open(t, 24).Clips(t.Context(), media.Span{N: 8, Stride: 2})
	if err != nil {
		t.Fatal(err)
	}
	views, err := e.MultiCrop(pretext.RNG(1, 0, 0), labelled, clips[0], m)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range views {
		role, size := pretext.Positive, 16
		if i == 0 {
			role = pretext.Anchor
		}
		if i >= 2 {
			size = 8
		}
		if v.Role != role || len(v.Data) != 3*7*size*size || v.Target != -1 {
			t.Errorf("view %d: %v of %d values, target %d, want %v of %d x %d", i, v.Role, len(v.Data), v.Target, role, size, size)
		}
	}
	if len(views) != 4 {
		t.Errorf("%d views, want 4", len(views))
	}
	clips[0].Frames = clips[0].Frames[:3]
	if _, err := e.MultiCrop(pretext.RNG(1, 0, 0), labelled, clips[0], m); err == nil || !strings.Contains(err.Error(), "multi-crop: m: media: clip") {
		t.Errorf("a short clip: %v", err)
	}
}
