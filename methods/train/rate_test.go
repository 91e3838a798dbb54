package train

import (
	"testing"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
	"github.com/clvid/clvid/pretext"
)

// Clips at a frame rate cover equal times, whatever rates the videos have.
func TestFrameRateOfClips(t *testing.T) {
	clip := media.DefaultClip()
	clip.Size, clip.Frames, clip.Stride, clip.FrameRate = 16, 4, 2, 12.5
	task, err := pretext.NewTask(pretext.Builtin(), "frame-order", nil, pretext.Env{Clip: clip, Augment: media.DefaultAugment()})
	if err != nil {
		t.Fatal(err)
	}
	spread := map[string]map[int]bool{} // frames from the first to the last of a clip
	for name, step := range map[string]time.Duration{"25": 40 * time.Millisecond, "50": 20 * time.Millisecond, "12.5": 80 * time.Millisecond} {
		movie := mediatest.Movie{Frames: int(8 * time.Second / step), W: 24, H: 24, At: func(i int) time.Duration { return time.Duration(i) * step }}
		d := watched{&mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": movie}}, map[int]bool{}}
		s := Source{Parts: []pretext.Part{{Name: "frame-order", Weight: 1, Task: task}}, Decoder: d, FrameRate: clip.FrameRate, Items: []Item{{Path: "m", Class: -1}}}
		sample, bad, err := s.Sample(t.Context(), 0, 0)
		if err != nil || len(bad) > 0 {
			t.Fatal(bad, err)
		}
		if sample.Video.Frames != 100 {
			t.Errorf("%s per second: %d frames, want 100", name, sample.Video.Frames)
		}
		spread[name] = map[int]bool{}
		for i := range d.frames { // times in the middle of a frame at 12.5 per second, rounded down
			spread[name][int(time.Duration(i)*step/(80*time.Millisecond))] = true
		}
	}
	for name, times := range spread {
		if len(times) != len(spread["12.5"]) {
			t.Errorf("%s per second: %d places in time, want %d", name, len(times), len(spread["12.5"]))
		}
		for at := range times {
			if !spread["12.5"][at] {
				t.Errorf("%s per second: drawn at %d/12.5 s, the others not", name, at)
			}
		}
	}
}
