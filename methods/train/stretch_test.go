package train

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
	"github.com/clvid/clvid/pretext"
)

// watched notes which frames of its videos are asked for.
type watched struct {
	media.Decoder
	frames map[int]bool
}

type watchedVideo struct {
	media.Video
	frames map[int]bool
}

func (w watched) Open(ctx context.Context, path string) (media.Video, error) {
	v, err := w.Decoder.Open(ctx, path)
	return watchedVideo{v, w.frames}, err
}

func (w watchedVideo) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	for _, s := range spans {
		for j := range s.N {
			w.frames[s.Frame(j, w.Len())] = true
		}
	}
	return w.Video.Clips(ctx, spans...)
}

// An item that is a stretch is drawn from that stretch alone.
func TestStretchOfAVideo(t *testing.T) {
	clip, augment := media.DefaultClip(), media.DefaultAugment()
	clip.Size = 16
	task, err := pretext.NewTask(pretext.Builtin(), "clip-pairs", nil, pretext.Env{Clip: clip, Augment: augment})
	if err != nil {
		t.Fatal(err)
	}
	d := watched{&mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": {Frames: 200, W: 24, H: 24}}}, map[int]bool{}}
	s := Source{Parts: []pretext.Part{{Name: "clip-pairs", Weight: 1, Task: task}}, Decoder: d,
		Items: []Item{{Path: "m", Class: -1, Start: 2 * time.Second, End: 4 * time.Second}}}
	for epoch := range 20 {
		if _, bad, err := s.Sample(t.Context(), epoch, 0); err != nil || len(bad) > 0 {
			t.Fatal(bad, err)
		}
	}
	for i := range d.frames {
		if i < 50 || i >= 100 { // 25 frames a second
			t.Errorf("frame %d was drawn, which is not in the stretch", i)
		}
	}
	if len(d.frames) < 40 {
		t.Errorf("only %d frames of 50 were drawn", len(d.frames))
	}
	s.Items[0].Start, s.Items[0].End = time.Minute, 2*time.Minute
	if _, _, err := s.Sample(t.Context(), 0, 0); err == nil || !strings.Contains(err.Error(), "no frame in 60.000 s") {
		t.Errorf("%v", err)
	}
}
