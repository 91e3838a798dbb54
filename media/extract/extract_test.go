package extract

import (
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

// extract writes frames of a painted movie and returns what became of them.
func extract(t *testing.T, m mediatest.Movie, q Request) (string, *Result, error) {
	t.Helper()
	dec := &mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": m}}
	video, err := dec.Open(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	defer video.Close()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	result, err := PNG(t.Context(), video, dir, q)
	return dir, result, err
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func picture(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

func TestFramesAreWrittenAsDecoded(t *testing.T) {
	paint := func(t, x, y int) [3]byte { return [3]byte{byte(t), byte(3 * x), byte(5 * y)} }
	dir, result, err := extract(t, mediatest.Movie{Frames: 200, W: 40, H: 30, Paint: paint}, Request{Start: 7, Count: 3, Stride: 60, Workers: 2})
	if err != nil || result.Err() != nil {
		t.Fatal(err, result.Err())
	}
	if d := cmp.Diff([]string{"frame_000007.png", "frame_000067.png", "frame_000127.png"}, names(t, dir)); d != "" {
		t.Fatal(d)
	}
	if p := result.Pictures[1]; p.Index != 67 || p.Seconds != 2.68 || p.File != filepath.Join(dir, "frame_000067.png") {
		t.Errorf("%+v", p)
	}
	im := picture(t, result.Pictures[1].File)
	if im.Bounds() != image.Rect(0, 0, 40, 30) {
		t.Fatal(im.Bounds())
	}
	for y := range 30 {
		for x := range 40 {
			r, g, b, a := im.At(x, y).RGBA()
			if got, want := [4]byte{byte(r), byte(g), byte(b), byte(a)}, [4]byte{67, byte(3 * x), byte(5 * y), 255}; got != want {
				t.Fatalf("pixel (%d,%d) is %v, want %v", x, y, got, want)
			}
		}
	}
}

// A count of 0 goes to the end, over two chunks: the first holds three pictures.
func TestAllFramesInChunks(t *testing.T) {
	big := mediatest.Movie{Frames: 5, W: 3600, H: 1200}
	dir, result, err := extract(t, big, Request{Start: 1, Stride: 1, Short: 8, Workers: 2})
	if err != nil || result.Err() != nil || len(names(t, dir)) != 4 {
		t.Fatal(err, result.Err(), names(t, dir))
	}
	im := picture(t, result.Pictures[3].File)
	if r, _, _, _ := im.At(5, 5).RGBA(); im.Bounds() != image.Rect(0, 0, 24, 8) || r>>8 != 4 {
		t.Errorf("size %v, red %d, want 24x8 of 4", im.Bounds(), r>>8)
	}
}

func TestWhatIsMissingIsTold(t *testing.T) {
	for _, tc := range []struct {
		name    string
		movie   mediatest.Movie
		request Request
		written int
		want    []Missing
	}{
		{"past the end", mediatest.Movie{Frames: 10}, Request{Start: 4, Count: 5, Stride: 2}, 3,
			[]Missing{{10, 12, 2, "the video has 10 frames"}}},
		{"far past the end", mediatest.Movie{Frames: 10}, Request{Count: most, Stride: most}, 1,
			[]Missing{{most, (most - 1) * most, most - 1, "the video has 10 frames"}}},
		{"damage", mediatest.Movie{Frames: 20, Damage: media.ErrCorrupt, DamageAt: 10, DamageEnd: 17}, Request{Stride: 3, Skip: true}, 5,
			[]Missing{{12, 15, 2, "corrupt data"}}},
		{"damage and end", mediatest.Movie{Frames: 9, Damage: media.ErrCorrupt, DamageAt: 7}, Request{Start: 6, Count: 5, Stride: 1, Skip: true}, 1,
			[]Missing{{7, 8, 2, "corrupt data"}, {9, 10, 2, "the video has 9 frames"}}},
		{"damaged too", mediatest.Movie{Frames: 9, Damage: media.ErrCorrupt, DamageAt: 3, DamageEnd: 5, Lost: 2}, Request{Stride: 1}, 7,
			[]Missing{{7, 8, 2, "lost"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir, result, err := extract(t, tc.movie, tc.request)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tc.want, result.Missing); d != "" {
				t.Error(d)
			}
			if n := len(names(t, dir)); n != tc.written || len(result.Pictures) != n || result.Err() == nil {
				t.Errorf("%d files, %d pictures, error %v; want %d and an error", n, len(result.Pictures), result.Err(), tc.written)
			}
			if !slices.IsSortedFunc(result.Pictures, func(a, b Picture) int { return a.Index - b.Index }) {
				t.Error("not in order")
			}
			damaged := []Missing(nil)
			if tc.name == "damaged too" {
				damaged = []Missing{{3, 4, 2, "corrupt data"}}
			}
			if d := cmp.Diff(damaged, result.Damaged()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRequestErrors(t *testing.T) {
	for want, q := range map[string]Request{
		"start is -1, want 0 to":   {Start: -1, Stride: 1},
		"stride is 0, want 1 to":   {},
		"has 3 frames, so none nu": {Start: 3, Stride: 1},
	} {
		if _, _, err := extract(t, mediatest.Movie{Frames: 3}, q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dec := &mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": {Frames: 3}}}
	video, err := dec.Open(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := PNG(ctx, video, t.TempDir(), Request{Stride: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want the context's", err)
	}
}
