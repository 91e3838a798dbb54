package media_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

func ms(n ...int) []time.Duration {
	out := make([]time.Duration, len(n))
	for i, v := range n {
		out[i] = time.Duration(v) * time.Millisecond
	}
	return out
}

func TestFrameAt(t *testing.T) {
	times := ms(0, 40, 90, 100)
	for at, want := range map[int]int{-5: 0, 0: 0, 39: 0, 40: 1, 89: 1, 95: 2, 100: 3, 5000: 3} {
		if got := media.FrameAt(times, time.Duration(at)*time.Millisecond); got != want {
			t.Errorf("at %d ms: frame %d, want %d", at, got, want)
		}
	}
	if got := media.SpanAt(times, 20*time.Millisecond, 30*time.Millisecond, 4).Picks; !slices.Equal(got, []int{0, 1, 1, 3}) {
		t.Errorf("SpanAt gives %v", got)
	}
}

// rated opens a movie of the given times at a rate.
func rated(t *testing.T, times []time.Duration, rate float64) (media.Video, error) {
	t.Helper()
	movie := mediatest.Movie{Frames: len(times), At: func(i int) time.Duration { return times[i] }}
	v, err := (&mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": movie}}).Open(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	return media.AtRate(v, rate)
}

// shown lists the file's frames that a span shows.
func shown(t *testing.T, v media.Video, s media.Span) []int {
	t.Helper()
	clips, err := v.Clips(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var out []int
	for _, f := range clips[0].Frames {
		out = append(out, f.Index)
	}
	return out
}

func TestAtRate(t *testing.T) {
	for _, tc := range []struct {
		name  string
		times []time.Duration
		rate  float64
		want  []int // all frames at the rate
	}{
		{"its own rate", ms(0, 40, 80, 120), 25, []int{0, 1, 2, 3}},
		{"a third, odd", ms(0, 33, 66, 100, 133, 166, 200, 233, 266), 10, []int{1, 4, 7}},
		{"half", ms(0, 40, 80, 120, 160, 200), 12.5, []int{0, 2, 4}},
		{"double", ms(0, 40, 80), 50, []int{0, 0, 1, 1, 2, 2}},
		{"variable", ms(0, 100, 110, 120, 400), 10, []int{0, 3, 3, 3, 4}},
		{"one frame", ms(0), 10, []int{0}},
		{"too slow for two", ms(0, 40), 1, []int{1}},
	} {
		v, err := rated(t, tc.times, tc.rate)
		if err != nil {
			t.Fatal(err)
		}
		if got := shown(t, v, media.Span{N: v.Len(), Stride: 1}); v.Len() != len(tc.want) || len(v.Times()) != len(tc.want) {
			t.Errorf("%s: %d frames %v at %v, want %v", tc.name, v.Len(), got, v.Times(), tc.want)
		} else if tc.name != "too slow for two" && !slices.Equal(got, tc.want) {
			t.Errorf("%s: shows %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestAtRateWrapsAndKeepsSpans(t *testing.T) {
	v, err := rated(t, ms(0, 40, 80, 120, 160, 200), 12.5)
	if err != nil {
		t.Fatal(err)
	}
	span := media.Span{Start: 2, N: 4, Stride: 2}
	if got := shown(t, v, span); !slices.Equal(got, []int{4, 2, 0, 4}) {
		t.Errorf("shows %v", got)
	}
	clips, err := v.Clips(t.Context(), span)
	if err != nil || clips[0].Span.Start != 2 || clips[0].Span.Picks != nil {
		t.Errorf("span %+v, %v", clips[0].Span, err)
	}
	if _, err := v.Clips(t.Context(), media.Span{N: 2, Picks: []int{1}}); err == nil || !strings.Contains(err.Error(), "span of 2 frames that lists 1") {
		t.Errorf("error %v", err)
	}
}

func TestAtRateErrors(t *testing.T) {
	if v, err := rated(t, ms(0, 0, 0), 0); err != nil || v.Len() != 3 {
		t.Errorf("rate 0: %v", err)
	}
	if _, err := rated(t, ms(0, 0, 0), 12); !errors.Is(err, media.ErrUnsupported) || !strings.Contains(err.Error(), "media.frame_rate") {
		t.Errorf("no times: %v", err)
	}
	if _, err := rated(t, []time.Duration{0, 1e18}, 12); !errors.Is(err, media.ErrTooLarge) || !strings.Contains(err.Error(), "its times are wrong") {
		t.Errorf("frames of 30 years: %v", err)
	}
}

func TestSpanValidate(t *testing.T) {
	for _, s := range []media.Span{{Start: -1, N: 1, Stride: 1}, {Stride: 1}, {N: 1}, {N: 2, Picks: []int{0, -1}}, {Picks: []int{}}} {
		if s.Validate() == nil {
			t.Errorf("%+v is valid", s)
		}
	}
	for _, s := range []media.Span{{N: 1, Stride: 1}, {N: 2, Picks: []int{7, 0}}} {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	if s := (media.Span{N: 2, Picks: []int{7, 0}}); s.Frame(0, 5) != 2 {
		t.Error("picks past the end do not wrap")
	}
}
