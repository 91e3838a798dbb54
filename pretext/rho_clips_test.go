package pretext_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

func TestRhoClips(t *testing.T) {
	cfg := pretext.DefaultRho()
	cfg.Clips, cfg.MinGap = 3, -11 // windows of 16 frames start at least 4 apart
	e := plain()
	task := mustTask(t, "rho-clips", &cfg, e)
	if got, want := task.Spec().Roles, []pretext.Role{pretext.Anchor, pretext.Positive, pretext.Positive}; !slices.Equal(got, want) {
		t.Fatalf("roles %v, want %v", got, want)
	}
	for seed := range uint64(50) {
		var starts []int
		for i, v := range draw(t, seed, 31, task) {
			if got := shown(v); !slices.Equal(got, v.Span.Picks) {
				t.Fatalf("seed %d, view %d shows frames %v, want %v", seed, i, got, v.Span.Picks)
			}
			starts = append(starts, v.Span.Picks[0])
		}
		slices.Sort(starts)
		for i := range 2 {
			if starts[i+1]-starts[i] < 3 { // 4 but for rounding
				t.Fatalf("seed %d: clips start at %v", seed, starts)
			}
		}
	}
}

// A video that is too short for a task fails by name, where media.short says so.
func TestShortVideosFail(t *testing.T) {
	e := plain()
	e.Clip.Short = media.ShortFail
	for _, name := range []string{"clip-pairs", "rho-clips", "action-recognition", "frame-order"} {
		task := mustTask(t, name, nil, e)
		parts := []pretext.Part{{Name: name, Weight: 1, Task: task}}
		_, err := pretext.Draw(t.Context(), pretext.RNG(1, 0, 0), open(t, 9), labelled, parts)
		if !errors.Is(err, media.ErrShort) {
			t.Errorf("%s: %v, want %v", name, err, media.ErrShort)
		}
	}
}
