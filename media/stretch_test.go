package media_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

func openMovie(t *testing.T, movie mediatest.Movie) media.Video {
	t.Helper()
	v, err := (&mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": movie}}).Open(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A movie shows frame i at 40 i ms.
func TestBetween(t *testing.T) {
	for _, tc := range []struct {
		start, end, first, n int // ms and frames
	}{
		{0, 0, 0, 20}, {0, 80, 0, 2}, {0, 81, 0, 3}, {40, 0, 1, 19}, {41, 0, 2, 18}, {100, 200, 3, 2}, {760, 9000, 19, 1},
	} {
		v, err := media.Between(openMovie(t, mediatest.Movie{Frames: 20, W: 8, H: 8}), time.Duration(tc.start)*time.Millisecond, time.Duration(tc.end)*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if v.Len() != tc.n || len(v.Times()) != tc.n || v.Times()[0] != 0 || v.Times()[tc.n-1] != time.Duration(tc.n-1)*40*time.Millisecond {
			t.Errorf("%v: %d frames at %v", tc, v.Len(), v.Times())
		}
		if got, want := shown(t, v, media.Span{Start: tc.n - 1, N: 2, Stride: 1}), []int{tc.first + tc.n - 1, tc.first}; !slices.Equal(got, want) {
			t.Errorf("%v: the last frame and the next are %v, want %v", tc, got, want)
		}
		var all []int
		for f, err := range v.Frames(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f.Index)
		}
		if len(all) != tc.n || all[0] != tc.first {
			t.Errorf("%v: Frames yields %v", tc, all)
		}
	}
}

func TestBetweenAtRate(t *testing.T) {
	v, err := media.Between(openMovie(t, mediatest.Movie{Frames: 20, W: 8, H: 8}), 200*time.Millisecond, 600*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if v, err = media.AtRate(v, 12.5); err != nil {
		t.Fatal(err)
	}
	if got := shown(t, v, media.Span{N: v.Len(), Stride: 1}); !slices.Equal(got, []int{5, 7, 9, 11, 13}) {
		t.Errorf("%v", got)
	}
}

func TestBetweenRefuses(t *testing.T) {
	untimed := mediatest.Movie{Frames: 5, At: func(int) time.Duration { return 0 }}
	for name, tc := range map[string]struct {
		movie      mediatest.Movie
		start, end time.Duration
		want       error
	}{
		"behind the end": {mediatest.Movie{Frames: 5}, time.Second, 2 * time.Second, media.ErrShort},
		"between frames": {mediatest.Movie{Frames: 5}, 41 * time.Millisecond, 79 * time.Millisecond, media.ErrShort},
		"no times":       {untimed, 0, time.Second, media.ErrUnsupported},
	} {
		if _, err := media.Between(openMovie(t, tc.movie), tc.start, tc.end); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestClear(t *testing.T) {
	d := &mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": {Frames: 20}}}
	whole, err := d.Open(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	part, err := media.Between(whole, 200*time.Millisecond, 600*time.Millisecond) // frames 5 to 14
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name       string
		v          media.Video
		bad        []int
		first, len int
	}{
		{"no damage", whole, nil, 0, 20}, {"the end", whole, []int{15, 12, 15}, 0, 12}, {"the start", whole, []int{3, 0}, 4, 16},
		{"of a stretch", part, []int{2, 7, 18}, 8, 7}, {"all", part, []int{5, 6, 7, 8, 9, 10, 11, 12, 13, 14}, 0, 0},
	} {
		v := media.Clear(tc.v, tc.bad)
		if v.Len() != tc.len {
			t.Errorf("%s: %d frames, want %d", tc.name, v.Len(), tc.len)
			continue
		}
		if tc.len == 0 {
			continue
		}
		clips, err := v.Clips(t.Context(), media.Span{N: 2, Stride: tc.len - 1})
		if err != nil || clips[0].Frames[0].Index != tc.first || clips[0].Frames[1].Index != tc.first+tc.len-1 {
			t.Errorf("%s: %v, %v, want %d frames from %d on", tc.name, clips, err, tc.len, tc.first)
		}
	}
}
