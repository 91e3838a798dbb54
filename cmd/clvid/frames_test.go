package main

import (
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/extract"
)

// TestFramesAreThoseOfTraining compares files with what the loader renders.
func TestFramesAreThoseOfTraining(t *testing.T) {
	file := filepath.Join(sharedtest.Dir(t), "data/clips/bbb_prog_10s.mp4")
	dir := t.TempDir()
	got := jsonOf[extract.Result](t, "frames", file, "--start", "200", "--count", "2", "--stride", "30", "--out", dir, "--json")
	if len(got.Pictures) != 2 || got.Pictures[1].Index != 230 || got.Frames != 238 {
		t.Fatalf("%+v", got)
	}
	video, err := newDecoder(configs.DefaultDecode()).Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer video.Close()
	clips, err := video.Clips(t.Context(), media.Span{Start: 200, N: 2, Stride: 30})
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, 3*2*320*240)
	if err := clips[0].Sample(want, media.View{W: 320, H: 240}); err != nil {
		t.Fatal(err)
	}
	for f, p := range got.Pictures {
		im := readPNG(t, p.File)
		if im.Bounds() != image.Rect(0, 0, 320, 240) {
			t.Fatal(im.Bounds())
		}
		for i := range 320 * 240 {
			r, g, b, _ := im.At(i%320, i/320).RGBA()
			for c, v := range []uint32{r, g, b} {
				if w := byte(want[(2*c+f)*320*240+i]*255 + .5); byte(v) != w {
					t.Fatalf("%s: pixel %d channel %d is %d, want %d", p.File, i, c, byte(v), w)
				}
			}
		}
	}
}

func readPNG(t *testing.T, path string) image.Image {
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

// A time names the frame on display then, also where the frame rate varies.
func TestFramesByTime(t *testing.T) {
	shared := filepath.Join(sharedtest.Dir(t), "data")
	for _, tc := range []struct {
		file, at string
		want     int
	}{
		{"clips/bbb_prog_10s.mp4", "0s", 0},
		{"clips/bbb_prog_10s.mp4", "41ms", 0}, // the second one comes at 41.67 ms
		{"clips/bbb_prog_10s.mp4", "42ms", 1},
		{"clips/bbb_prog_10s.mp4", "9.8s", 235},
		{"hostile/fps_0p5.mp4", "3.9s", 1},
	} {
		got := jsonOf[extract.Result](t, "frames", filepath.Join(shared, tc.file), "--at", tc.at, "--out", t.TempDir(), "--json")
		if len(got.Pictures) != 1 || got.Pictures[0].Index != tc.want {
			t.Errorf("%s at %s: %+v, want frame %d", tc.file, tc.at, got.Pictures, tc.want)
		}
	}
	_, errs, status := clvid(t, "frames", filepath.Join(shared, "clips/bbb_prog_10s.mp4"), "--at", "1m", "--out", t.TempDir())
	if status != exitError || !strings.Contains(errs, "so it shows nothing at 1m0s") {
		t.Errorf("status %d, %s", status, errs)
	}
}

// Frames that cannot be had are an error, after all others were written.
func TestFramesThatAreMissing(t *testing.T) {
	shared := filepath.Join(sharedtest.Dir(t), "data")
	dir := t.TempDir()
	out, errs, status := clvid(t, "frames", filepath.Join(shared, "clips/carphone.mp4"), "--start", "118", "--count", "4", "--out", dir, "--json")
	var got extract.Result
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if status != exitError || len(got.Pictures) != 2 || !strings.Contains(errs, "2 of 4 frames were not written, frame 120 the first of them") {
		t.Errorf("status %d, %+v, %s", status, got, errs)
	}
	for args, want := range map[string]string{
		"--out x --stride 0":        "stride is 0, want 1 to",
		"--start 3":                 "--out is needed",
		"--out x --start 1 --at 1s": "want one of them",
		"--out x --count -1":        "count is -1, want 0 to",
		"--out x --size -100":       "size is -100, want 0 to",
	} {
		_, errs, status := clvid(t, append([]string{"frames", "x.mp4"}, strings.Fields(args)...)...)
		if status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d, %s; want %q", args, status, errs, want)
		}
	}
}
