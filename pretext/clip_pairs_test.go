package pretext_test

import (
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

func mustTask(t *testing.T, name string, cfg any, e pretext.Env) pretext.Task {
	t.Helper()
	task, err := pretext.NewTask(pretext.Builtin(), name, cfg, e)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// plain shows clips as they are, so that frames can be told from values.
func plain() pretext.Env {
	e := env(media.InputRGB)
	e.Augment = media.NoAugment()
	return e
}

// shown reads which frames of open's movie a plain view holds.
func shown(v pretext.View) []int {
	frames := make([]int, 8)
	for s := range frames {
		frames[s] = int((v.Data[s*16*16]*.225+.45)*255/8 + .5)
	}
	return frames
}

func TestClipPairs(t *testing.T) {
	cfg := pretext.DefaultPairs()
	cfg.Gap.Min, cfg.Gap.Max = 3, 6
	task := mustTask(t, "clip-pairs", &cfg, plain())
	gaps := map[int]bool{}
	for seed := range uint64(300) {
		views := draw(t, seed, 30, task)
		a, b := shown(views[0]), shown(views[1])
		for i, v := range views {
			for j, f := range shown(v) {
				if want := v.Span.Frame(j, 30); f != want {
					t.Fatalf("seed %d, view %d shows frame %d at %d, want %d", seed, i, f, j, want)
				}
			}
		}
		gap := max(a[0]-b[0], b[0]-a[0])
		if gap < 3 || gap > 6 {
			t.Fatalf("gap %d, want 3 to 6", gap)
		}
		gaps[gap] = true
	}
	if len(gaps) != 4 {
		t.Errorf("gaps drawn: %v, want 3 to 6", gaps)
	}
}

func TestViewsOfOnePairDiffer(t *testing.T) {
	cfg := pretext.DefaultPairs()
	cfg.Gap.Max = 1
	e := env(media.InputRGB)
	task := mustTask(t, "clip-pairs", &cfg, e)
	same := 0
	for seed := range uint64(100) {
		views := draw(t, seed, 15, task) // one place for a clip
		if views[0].Data[0] == views[1].Data[0] && views[0].Data[1000] == views[1].Data[1000] {
			same++
		}
	}
	if same > 20 { // both unchanged with probability near .2^6
		t.Errorf("%d of 100 pairs share their augmentation", same)
	}
}
