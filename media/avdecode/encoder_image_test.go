package avdecode

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// noise is a picture of random samples, with rows that are longer than wide.
func noise(like media.Image, seed uint64) *media.Image {
	rng := rand.New(rand.NewPCG(seed, 0))
	im := like
	cw, ch := chromaSize(&im)
	for p := range im.Planes {
		w, h := im.W, im.H
		if p > 0 && !im.RGB {
			w, h = cw, ch
		}
		if p > 0 && like.Planes[1] == nil && !im.RGB {
			continue
		}
		im.Strides[p] = w + 5
		im.Planes[p] = make([]byte, h*im.Strides[p])
		for i := range im.Planes[p] {
			im.Planes[p][i] = byte(rng.IntN(256))
		}
	}
	return &im
}

// smooth has the samples of a moving slope, which codecs keep well.
func smooth(like media.Image, n int) *media.Image {
	im := noise(like, 0)
	for p, plane := range im.Planes {
		for i := range plane {
			plane[i] = byte(60 + 40*p + i%im.Strides[p] + n)
		}
	}
	return im
}

// tight is the samples of all planes, row by row.
func tight(im *media.Image) []byte {
	var out []byte
	cw, ch := chromaSize(im)
	for p, plane := range im.Planes {
		w, h := im.W, im.H
		if p > 0 && !im.RGB {
			w, h = cw, ch
		}
		for y := range h {
			if plane != nil {
				out = append(out, plane[y*im.Strides[p]:][:w]...)
			}
		}
	}
	return out
}

func encodeImages(t *testing.T, path string, o EncodeOptions, images []*media.Image, at func(n int) time.Duration) {
	t.Helper()
	o.Like, o.Width, o.Height = images[0], images[0].W, images[0].H
	e, err := NewEncoder(path, o)
	if err != nil {
		t.Fatal(err)
	}
	for n, im := range images {
		if err := e.WriteImage(im, at(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func steady(n int) time.Duration { return time.Duration(n) * 40 * time.Millisecond }

// some is a plane that says no more than that there is chroma.
var some = [3][]byte{{}, {}, {}}

func TestFFV1IsLossless(t *testing.T) {
	for name, like := range map[string]media.Image{
		"4:2:0 odd": {W: 33, H: 21, SubX: 1, SubY: 1, Planes: some},
		"4:2:2":     {W: 32, H: 20, SubX: 1, Planes: some, Matrix: media.BT709},
		"4:4:4":     {W: 31, H: 20, Planes: some, Matrix: media.BT2020},
		"4:4:0":     {W: 32, H: 20, SubY: 1, Planes: some},
		"4:1:1":     {W: 32, H: 20, SubX: 2, Planes: some},
		"4:1:0":     {W: 32, H: 20, SubX: 2, SubY: 2, Planes: some},
		"full":      {W: 32, H: 20, SubX: 1, SubY: 1, Planes: some, FullRange: true},
		"grey":      {W: 33, H: 20, FullRange: true},
		"grey tv":   {W: 33, H: 20},
		"RGB":       {W: 33, H: 21, RGB: true, FullRange: true, Planes: some},
	} {
		t.Run(name, func(t *testing.T) {
			var images []*media.Image
			for n := range 5 {
				images = append(images, noise(like, uint64(n)))
			}
			a, b := filepath.Join(t.TempDir(), "a.mkv"), filepath.Join(t.TempDir(), "b.mkv")
			encodeImages(t, a, EncodeOptions{Codec: CodecFFV1}, images, steady)
			encodeImages(t, b, EncodeOptions{Codec: CodecFFV1}, images, steady)
			if sum(t, a) != sum(t, b) {
				t.Error("equal pictures give different files")
			}
			v := open(t, plain(), a)
			if v.Len() != 5 || v.Info().Codec != "ffv1" {
				t.Fatalf("%+v", v.Info())
			}
			clips, err := v.Clips(t.Context(), media.Span{N: 5, Stride: 1})
			if err != nil {
				t.Fatal(err)
			}
			for n, f := range clips[0].Frames {
				if !f.Key || f.Time != steady(n) {
					t.Errorf("frame %d: key %t, time %v", n, f.Key, f.Time)
				}
				if !bytes.Equal(tight(&f.Image), tight(images[n])) {
					t.Errorf("frame %d differs", n)
				}
				if f.Matrix != like.Matrix || f.FullRange != like.FullRange || f.RGB != like.RGB {
					t.Errorf("frame %d: matrix %v, full range %t, RGB %t", n, f.Matrix, f.FullRange, f.RGB)
				}
			}
		})
	}
}

// RGB bytes are kept by ffv1 too.
func TestFFV1OfBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.mkv")
	encode(t, path, EncodeOptions{Width: 31, Height: 17, Codec: CodecFFV1}, 3, func(n int) []byte { return gradient(31, 17, n) })
	clips, err := open(t, plain(), path).Clips(t.Context(), media.Span{N: 3, Stride: 1})
	if err != nil {
		t.Fatal(err)
	}
	for n, f := range clips[0].Frames {
		rgb, want := f.NRGBA(), gradient(31, 17, n)
		for i := range 31 * 17 {
			if !bytes.Equal(rgb.Pix[4*i:4*i+3], want[3*i:3*i+3]) {
				t.Fatalf("frame %d, pixel %d: %v, want %v", n, i, rgb.Pix[4*i:4*i+3], want[3*i:3*i+3])
			}
		}
	}
}

// Times, matrix and range of images survive each codec and each way of
// ordering packets.
func TestImagesKeepTimesAndColour(t *testing.T) {
	times := []time.Duration{0, 33366667, 100 * time.Millisecond, 1001 * time.Millisecond, 1002 * time.Millisecond, 5 * time.Second, 5040 * time.Millisecond, 6 * time.Second}
	at := func(n int) time.Duration { return times[n] }
	for _, tc := range []struct {
		name   string
		o      EncodeOptions
		like   media.Image
		within time.Duration
	}{
		{"h264", EncodeOptions{Codec: CodecH264, GOP: 250, Quality: 5}, media.Image{W: 64, H: 48, SubX: 1, SubY: 1, Planes: some, Matrix: media.BT709}, 5 * time.Microsecond},
		{"h264 fast", EncodeOptions{Codec: CodecH264, GOP: 4, Quality: 5, FastDecode: true}, media.Image{W: 64, H: 48, SubX: 1, SubY: 1, Planes: some, FullRange: true}, 5 * time.Microsecond},
		{"h264 4:4:4", EncodeOptions{Codec: CodecH264, Quality: 5}, media.Image{W: 63, H: 47, Planes: some, Matrix: media.BT2020}, 5 * time.Microsecond},
		{"h264 grey", EncodeOptions{Codec: CodecH264, Quality: 5}, media.Image{W: 64, H: 48, FullRange: true}, 5 * time.Microsecond},
		{"mpeg4", EncodeOptions{Codec: CodecMPEG4, Quality: 1}, media.Image{W: 64, H: 48, SubX: 1, SubY: 1, Planes: some, Matrix: media.BT709}, 5 * time.Microsecond},
		{"mpeg4 full", EncodeOptions{Codec: CodecMPEG4, Quality: 1}, media.Image{W: 64, H: 48, SubX: 1, SubY: 1, Planes: some, FullRange: true}, 5 * time.Microsecond},
		{"ffv1", EncodeOptions{Codec: CodecFFV1}, media.Image{W: 64, H: 48, SubX: 1, SubY: 1, Planes: some}, 500 * time.Microsecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var images []*media.Image
			for n := range times {
				images = append(images, smooth(tc.like, n))
			}
			path := filepath.Join(t.TempDir(), "a"+Extension(tc.o.Codec))
			encodeImages(t, path, tc.o, images, at)
			v := open(t, plain(), path)
			if v.Len() != len(times) {
				t.Fatalf("%d frames, want %d", v.Len(), len(times))
			}
			clips, err := v.Clips(t.Context(), media.Span{N: len(times), Stride: 1})
			if err != nil {
				t.Fatal(err)
			}
			for n, f := range clips[0].Frames {
				if d := (f.Time - times[n]).Abs(); d > tc.within {
					t.Errorf("frame %d is shown at %v, want %v", n, f.Time, times[n])
				}
				if f.Matrix != tc.like.Matrix || f.FullRange != tc.like.FullRange {
					t.Errorf("frame %d: matrix %v, full range %t, want %v, %t", n, f.Matrix, f.FullRange, tc.like.Matrix, tc.like.FullRange)
				}
				want := tight(images[n]) // of grey, H.264 adds chroma that says nothing
				if d := meanDifference(tight(&f.Image)[:len(want)], want); d > 2 {
					t.Errorf("frame %d differs by %.1f levels on average", n, d)
				}
				if tc.o.GOP == 4 && f.Key != (n%4 == 0) {
					t.Errorf("frame %d: key %t", n, f.Key)
				}
			}
			sequence(t, v)
		})
	}
}

func meanDifference(a, b []byte) float64 {
	var sum float64
	for i := range a {
		sum += max(float64(a[i])-float64(b[i]), float64(b[i])-float64(a[i]))
	}
	return sum / float64(len(a))
}

func TestImagesMustFit(t *testing.T) {
	like := media.Image{W: 32, H: 16, SubX: 1, SubY: 1, Planes: some}
	e, err := NewEncoder(filepath.Join(t.TempDir(), "x.mp4"), EncodeOptions{Width: 32, Height: 16, Like: &like})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := e.WriteImage(noise(like, 1), 0); err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]func() error{
		"a time after the last frame's": func() error { return e.WriteImage(noise(like, 2), time.Microsecond) },
		"differs in size, planes":       func() error { return e.WriteImage(noise(media.Image{W: 32, H: 16}, 2), time.Second) },
		"call WriteImage":               func() error { return e.Write(make([]byte, 3*32*16)) },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if err := e.WriteImage(noise(like, 3), time.Second); err != nil {
		t.Errorf("a refused picture spoils the file: %v", err)
	}
}

// Siting survives where a codec can say it.
func TestImagesKeepSiting(t *testing.T) {
	for _, codec := range []string{CodecH264, CodecFFV1} {
		for _, at := range [][2]float32{{0, .5}, {.5, .5}, {0, 0}, {.5, 0}, {0, 1}, {.5, 1}} {
			like := media.Image{W: 64, H: 48, SubX: 1, SubY: 1, SiteX: at[0], SiteY: at[1], Planes: some}
			if codec == CodecFFV1 && at[1] == 1 {
				continue // Matroska knows the upper and the middle row alone
			}
			path := filepath.Join(t.TempDir(), "a"+Extension(codec))
			encodeImages(t, path, EncodeOptions{Codec: codec}, []*media.Image{smooth(like, 0), smooth(like, 1)}, steady)
			clips, err := open(t, plain(), path).Clips(t.Context(), media.Span{N: 2, Stride: 1})
			if err != nil {
				t.Fatal(err)
			}
			if f := clips[0].Frames[1]; f.SiteX != at[0] || f.SiteY != at[1] {
				t.Errorf("%s: chroma at (%g,%g), want %v", codec, f.SiteX, f.SiteY, at)
			}
		}
	}
}

func TestFindEncoder(t *testing.T) {
	for _, tc := range []struct {
		codec string
		have  []string
		want  string
	}{
		{"", []string{"libx264", "mpeg4"}, "h264 libx264"},
		{"h264", []string{"libopenh264", "mpeg4"}, "h264 libopenh264"},
		{"h264", []string{"mpeg4", "ffv1"}, "mpeg4 mpeg4"},
		{"mpeg4", []string{"libx264", "mpeg4"}, "mpeg4 mpeg4"},
		{"ffv1", []string{"ffv1"}, "ffv1 ffv1"},
		{"ffv1", []string{"mpeg4"}, "avdecode: encoder: this FFmpeg writes no ffv1"},
		{"h264", nil, "avdecode: encoder: this FFmpeg writes no mpeg4"},
	} {
		actual, name, err := findEncoder(tc.codec, func(name string) bool { return slices.Contains(tc.have, name) })
		got := fmt.Sprintf("%s %s", actual, name)
		if err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s of %v: %s, want %s", tc.codec, tc.have, got, tc.want)
		}
	}
}
