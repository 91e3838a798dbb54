package media_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

func broken() *mediatest.Decoder {
	bad := errors.New("corrupt data")
	return &mediatest.Decoder{Movies: map[string]mediatest.Movie{
		"good":    {Frames: 12},
		"header":  {Open: bad},
		"damaged": {Frames: 12, Damage: bad, DamageAt: 7},
		"short":   {Frames: 12, Lost: 2},
		"empty":   {},
		"panics":  {Panic: true},
	}}
}

func TestCheck(t *testing.T) {
	paths := []string{"good", "header", "damaged", "short", "empty", "panics", "missing", "good"}
	for _, full := range []bool{false, true} {
		want := []string{"", "corrupt", "", "", "check empty: no frames", "check panics: decoder failed", "no such movie", ""}
		if full {
			want[2], want[3] = "corrupt", "10 of 12 frames are sound; frames 10 to 11 (0.400 s to 0.440 s): lost"
		}
		for _, workers := range []int{0, 1, 4} {
			last := 0
			reports, err := media.Check(t.Context(), broken(), paths, full, workers, func(done, total int) {
				if done != last+1 || total != len(paths) {
					t.Errorf("progress %d of %d after %d", done, total, last)
				}
				last = done
			})
			if err != nil || last != len(paths) {
				t.Fatalf("%v after %d files", err, last)
			}
			for i, r := range reports {
				if r.Path != paths[i] || (r.Err == nil) != (want[i] == "") || r.Err != nil && !strings.Contains(r.Err.Error(), want[i]) {
					t.Errorf("full %v, %d workers: %s: %v, want %q", full, workers, r.Path, r.Err, want[i])
				}
				if r.Err == nil && r.Frames != 12 {
					t.Errorf("%s: %d frames, want 12", r.Path, r.Frames)
				}
			}
		}
	}
}

func TestCheckCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	paths := make([]string, 1000)
	for i := range paths {
		paths[i] = "good"
	}
	dec := broken()
	reports, err := media.Check(ctx, dec, paths, true, 2, func(done, _ int) {
		if done == 5 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || reports != nil {
		t.Errorf("reports %v, error %v, want none and the context's", len(reports), err)
	}
	if n := dec.Opened.Load(); n > 20 {
		t.Errorf("%d files opened after a cancel at 5", n)
	}
}

func ExampleTooMany() {
	fmt.Println(media.TooMany(5, 60, .1, "a.mp4: corrupt data"))
	fmt.Println(media.TooMany(7, 60, .1, "a.mp4: corrupt data"))
	fmt.Println(media.TooMany(2, 2, 1, "a.mp4: corrupt data"))
	// Output:
	// <nil>
	// media: 7 of 60 files are bad, more than max_bad (0.1) allows, such as: a.mp4: corrupt data: mend or remove them, or allow them by --set max_bad=0.12
	// media: all 2 files are bad, such as: a.mp4: corrupt data
}
