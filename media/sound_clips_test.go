package media_test

import (
	"errors"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

func TestSoundClips(t *testing.T) {
	bad := &media.Error{Op: "clip", Err: media.ErrCorrupt}
	dec := &mediatest.Decoder{Movies: map[string]mediatest.Movie{
		"whole":  {Frames: 40},
		"middle": {Frames: 40, Damage: bad, DamageAt: 16, DamageEnd: 24},
		"all":    {Frames: 40, Damage: bad},
	}}
	spans := []media.Span{{Start: 2, N: 4, Stride: 2}, {Start: 18, N: 4, Stride: 2}, {Start: 30, N: 4, Stride: 2}}
	for _, tc := range []struct {
		movie string
		first []int // frame of each clip
		moved int
	}{
		// 34 places for the first frame of 7, so steps of 5: 18, 23, 28.
		{"whole", []int{2, 18, 30}, 0}, {"middle", []int{2, 28, 30}, 1}, {"all", nil, 0},
	} {
		v, err := dec.Open(t.Context(), tc.movie)
		if err != nil {
			t.Fatal(err)
		}
		clips, moved, err := media.SoundClips(t.Context(), v, spans...)
		if tc.first == nil {
			if !errors.Is(err, media.ErrCorrupt) {
				t.Errorf("%s: error %v, want the damage", tc.movie, err)
			}
			continue
		}
		if err != nil || moved != tc.moved {
			t.Fatalf("%s: %d clips moved, %v, want %d", tc.movie, moved, err, tc.moved)
		}
		for i, c := range clips {
			if f := c.Frames; f[0].Index != tc.first[i] || f[3].Index != tc.first[i]+6 {
				t.Errorf("%s: clip %d runs from %d to %d, want from %d, 6 on", tc.movie, i, f[0].Index, f[3].Index, tc.first[i])
			}
		}
	}
}
