package train

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

// damagedMovies are ten, one damaged from frame 9 of 12 on and one everywhere.
func damagedMovies() (*mediatest.Decoder, []Item) {
	decoder, items := movies(10)
	for path, at := range map[string]int{"video02": 9, "video05": 0} {
		m := decoder.Movies[path]
		m.Damage, m.DamageAt = &media.Error{Path: path, Op: "clip", Err: media.ErrCorrupt, Detail: "frames are damaged"}, at
		decoder.Movies[path] = m
	}
	return decoder, items
}

// TestDamageDoesNotDependOnWorkers: the same draws again, whoever decodes and
// wherever the run is interrupted.
func TestDamageDoesNotDependOnWorkers(t *testing.T) {
	var want []byte
	for _, workers := range []int{1, 4} {
		decoder, items := damagedMovies()
		dir, bad := t.TempDir(), &badFiles{limit: 1}
		if _, err := Run(t.Context(), setup(t, variant{method: "simclr", workers: workers, dir: dir, decoder: decoder, items: items, bad: bad})); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(bad.names, []string{"video05"}) || !slices.Contains(bad.inPart, "video02") {
			t.Errorf("set aside %v, used in part %v, want video05 and video02", bad.names, bad.inPart)
		}
		if want == nil {
			want = weights(t, dir)
		} else if !bytes.Equal(want, weights(t, dir)) {
			t.Error("draws around damage depend on the number of workers")
		}
	}
	dir := t.TempDir()
	decoder, items := damagedMovies()
	for step := 1; step <= 14; step++ {
		ctx, cancel := context.WithCancel(t.Context())
		watch := &recorder{after: func(int) { cancel() }}
		_, err := Run(ctx, setup(t, variant{method: "simclr", workers: 2, dir: dir, resume: step > 1, decoder: decoder, items: items, watch: watch, bad: &badFiles{limit: 1}}))
		cancel()
		if err != nil && !errors.Is(err, ErrInterrupted) {
			t.Fatalf("step %d: %v", step, err)
		}
	}
	if !bytes.Equal(want, weights(t, dir)) {
		t.Error("draws around damage depend on where the run was interrupted")
	}
}

// TestRedraw: a damaged file gives clips of its sound part, a clip that is drawn
// again is another one, and a sound file's draws do not change.
func TestRedraw(t *testing.T) {
	decoder, items := damagedMovies()
	source := setup(t, variant{method: "simclr", decoder: decoder, items: items}).Source
	redrawn := 0
	for epoch := range 20 {
		sample, bad, err := source.Sample(t.Context(), epoch, 2)
		if err != nil || sample.Video.Index != 2 {
			t.Fatalf("epoch %d: item %d, %v", epoch, sample.Video.Index, err)
		}
		for _, b := range bad {
			if !b.Redrawn || b.Path != "video02" || !errors.Is(b.Err, media.ErrCorrupt) {
				t.Errorf("epoch %d: %+v", epoch, b)
			}
			redrawn++
		}
	}
	if redrawn == 0 || redrawn == 20 {
		t.Errorf("%d of 20 draws touched the damage, want some and not all", redrawn)
	}
	_, bad, err := source.Sample(t.Context(), 0, 5)
	if err != nil || len(bad) == 0 || bad[0].Redrawn || !strings.Contains(bad[0].Err.Error(), "8 draws of clips touched damage, the first: ") {
		t.Errorf("a file that is damaged everywhere: %v, %v", bad, err)
	}
}

// TestDrawsFindTheSoundPart: where half of a video is damaged nearly every pair of
// clips touches it, and yet none of the samples needs another file.
func TestDrawsFindTheSoundPart(t *testing.T) {
	decoder, items := movies(3)
	m := decoder.Movies["video01"]
	m.Frames, m.Damage, m.DamageAt = 40, media.ErrCorrupt, 20
	decoder.Movies["video01"] = m
	source := setup(t, variant{method: "simclr", decoder: decoder, items: items}).Source
	redrawn := 0
	for epoch := range 100 {
		sample, bad, err := source.Sample(t.Context(), epoch, 1)
		if err != nil || sample.Video.Index != 1 {
			t.Fatalf("epoch %d: item %d, %v, %v", epoch, sample.Video.Index, bad, err)
		}
		redrawn += len(bad)
	}
	if redrawn < 50 {
		t.Errorf("%d of 100 first draws touched the damage, want most", redrawn)
	}
}

// TestHungDecodersEndTheRun: nothing stands in for a file then.
func TestHungDecodersEndTheRun(t *testing.T) {
	decoder, items := movies(10)
	m := decoder.Movies["video03"]
	m.Open = &media.Error{Path: "video03", Op: "open", Err: media.ErrHung}
	decoder.Movies["video03"] = m
	_, err := Run(t.Context(), setup(t, variant{method: "simclr", decoder: decoder, items: items, bad: &badFiles{limit: 9}}))
	if !errors.Is(err, media.ErrHung) {
		t.Errorf("error %v", err)
	}
}
