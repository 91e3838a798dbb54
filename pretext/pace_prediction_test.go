package pretext_test

import (
	"slices"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

func TestPacePrediction(t *testing.T) {
	e := plain()
	e.Clip.Stride = 1
	task := mustTask(t, "pace-prediction", nil, e)
	seen := map[int]bool{}
	for seed := range uint64(60) {
		v := draw(t, seed, 31, task)[0]
		want := media.PaceFrames(v.Span.Start, v.Target+1, 8, 31)
		if got := shown(v); !slices.Equal(got, want) {
			t.Fatalf("seed %d: pace %d from %d shows %v, want %v", seed, v.Target+1, v.Span.Start, got, want)
		}
		seen[v.Target] = true
	}
	if len(seen) != 4 {
		t.Errorf("targets %v, want all of 4", seen)
	}
	cfg := pretext.DefaultPace()
	if cfg.Paces = 1; cfg.Validate() == nil {
		t.Error("a single pace is accepted")
	}
}
