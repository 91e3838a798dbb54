package pretext_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/pretext"
)

// order builds frame-order with its gap left at the default.
func order(role string, pieces int, merge bool) *pretext.OrderConfig {
	return &pretext.OrderConfig{Role: role, Pieces: pieces, MergeReversed: merge, Gap: media.DefaultGap()}
}

// wantOrder fails where a view does not show its span in the order it names.
func wantOrder(t *testing.T, v pretext.View) {
	t.Helper()
	for j, f := range shown(v) {
		at := j
		if v.Order != nil {
			at = v.Order[j]
		}
		if want := v.Span.Frame(at, 30); f != want {
			t.Fatalf("view shows frame %d at %d, want %d by order %v", f, j, want, v.Order)
		}
	}
}

func TestFrameOrderRoles(t *testing.T) {
	for _, role := range []string{pretext.OrderPositive, pretext.OrderNegative} {
		for _, pieces := range []int{0, 2, 3, 4, 8} {
			task := mustTask(t, "frame-order", order(role, pieces, false), plain())
			for seed := range uint64(50) {
				views := draw(t, seed, 30, task)
				for _, v := range views {
					wantOrder(t, v)
				}
				copied := views[len(views)-1]
				if views[0].Order != nil || copied.Order == nil || slices.IsSorted(copied.Order) {
					t.Fatalf("%s: orders %v and %v, want none and a shuffled one", role, views[0].Order, copied.Order)
				}
				if !reflect.DeepEqual(copied.Span, views[0].Span) {
					t.Fatalf("%s: the copy is of %v, not of the anchor's %v", role, copied.Span, views[0].Span)
				}
				if role == pretext.OrderNegative && views[1].Order != nil {
					t.Fatal("the positive is shuffled")
				}
			}
		}
	}
}

func TestFrameOrderPredict(t *testing.T) {
	for _, tc := range []struct {
		pieces, classes int
		merge           bool
	}{{2, 2, false}, {4, 24, false}, {4, 12, true}} {
		task := mustTask(t, "frame-order", order(pretext.OrderPredict, tc.pieces, tc.merge), plain())
		if got := task.Spec().Classes; got != tc.classes {
			t.Fatalf("%+v: %d classes", tc, got)
		}
		counts := make([]int, tc.classes)
		backwards := 0
		const draws = 2400
		for seed := range uint64(draws) {
			v := draw(t, seed, 30, task)[0]
			wantOrder(t, v)
			counts[v.Target]++
			// The order of pieces, from the first frame of each.
			pieces := make([]int, tc.pieces)
			for k := range pieces {
				pieces[k] = v.Order[k*8/tc.pieces] * tc.pieces / 8
			}
			index := pretext.PermutationIndex(pieces)
			if tc.merge {
				slices.Reverse(pieces)
				if back := pretext.PermutationIndex(pieces); back < index {
					backwards++
				}
			} else if index != v.Target {
				t.Fatalf("target %d of order %v, want %d", v.Target, v.Order, index)
			}
		}
		chi := 0.
		for _, c := range counts {
			d := float64(c) - draws/float64(tc.classes)
			chi += d * d / (draws / float64(tc.classes))
		}
		// p = .001 at 1, 23 and 11 degrees of freedom.
		if limit := map[int]float64{2: 10.8, 24: 49.7, 12: 31.3}[tc.classes]; chi > limit {
			t.Errorf("%+v: chi squared %.1f, counts %v", tc, chi, counts)
		}
		if tc.merge && (backwards < draws*2/5 || backwards > draws*3/5) {
			t.Errorf("%d of %d orders came reversed, want half", backwards, draws)
		}
	}
}

// Frames move before differences are taken: those of the shuffled copy are the
// differences of what it shows.
func TestFrameOrderShufflesBeforeDifferences(t *testing.T) {
	e := plain()
	e.Clip.Input = media.InputDiff
	task := mustTask(t, "frame-order", order(pretext.OrderPositive, 0, false), e)
	v := draw(t, 5, 30, task)[1]
	for s := range 7 {
		now, next := v.Span.Frame(v.Order[s], 30), v.Span.Frame(v.Order[s+1], 30)
		want := 2 * float32(8*(next-now)) / 255 / .225
		if got := v.Data[s*16*16]; got < want-1e-4 || got > want+1e-4 {
			t.Errorf("difference %d is %g, want %g of frames %d and %d", s, got, want, now, next)
		}
	}
}

func TestFrameOrderErrors(t *testing.T) {
	for _, tc := range []struct {
		frames int
		cfg    *pretext.OrderConfig
		want   string
	}{
		{8, order("other", 4, false), `order.role is "other", want positive, negative or predict`},
		{8, order("positive", 1, false), "order.pieces is 1, want at least 2"},
		{8, order("negative", 9, false), "9 pieces of a clip of 8 frames, want 2 to 8: lower order.pieces or raise media.frames"},
		{8, order("predict", 0, false), "8 pieces have more than 24 orders to name"},
		{8, order("predict", 3, false), "8 frames do not make 3 equal pieces"},
		{8, order("negative", 4, true), "order.merge_reversed goes with order.role predict"},
		{8, order("predict", 2, true), "leave a single class"},
		{2, order("negative", 4, false), "4 pieces of a clip of 2 frames"},
		{8, &pretext.OrderConfig{Role: "negative", Pieces: 4}, "order.gap.power is 0"},
	} {
		e := env(media.InputDiff)
		e.Clip.Frames = tc.frames
		_, err := pretext.NewTask(pretext.Builtin(), "frame-order", tc.cfg, e)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%+v: error %v, want %q", *tc.cfg, err, tc.want)
		}
	}
}
