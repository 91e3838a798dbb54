package eval

import (
	"errors"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

// The views of a video are its clips in order, each through its windows from left
// to right. Green tells the frame, red the column.
func TestViewsOfAVideo(t *testing.T) {
	dec := &mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": {W: 96, H: 32, Frames: 20, Paint: func(t, x, _ int) [3]byte {
		return [3]byte{byte(2 * x), byte(10 * t), 0}
	}}}}
	c := Clips{PerItem: 2, Crops: 3, Config: media.ClipConfig{Frames: 2, Stride: 5, Size: 32, Input: media.InputRGB}}
	got, err := testViews(t.Context(), dec, Item{Path: "m"}, c)
	if err != nil {
		t.Fatal(err)
	}
	views := got.data
	if len(views) != c.Views() || len(views) != 6 {
		t.Fatalf("%d views, want 2 clips through 3 windows", len(views))
	}
	at := func(v []float32, channel int) int {
		return int((v[channel*2*32*32]*media.NormStd+media.NormMean)*255 + .5)
	}
	for i, v := range views {
		if red, green := at(v, 0), at(v, 1); red != 2*32*(i%3) || green != 10*14*(i/3) {
			t.Errorf("view %d: red %d, green %d, want %d, %d", i, red, green, 64*(i%3), 140*(i/3))
		}
	}
	c.Config.Short, c.Config.Stride = media.ShortFail, 30
	if _, err := testViews(t.Context(), dec, Item{Path: "m"}, c); !errors.Is(err, media.ErrShort) {
		t.Errorf("a short video: %v, want %v", err, media.ErrShort)
	}
}
