package avdecode

import (
	"math"
	"testing"

	"github.com/clvid/clvid/media"
)

// TestSitingOfFiles holds what is read against ffprobe's chroma_location, which
// FFmpeg fills in for codecs whose standard knows but one place.
func TestSitingOfFiles(t *testing.T) {
	for _, tc := range []struct {
		parts  []string
		name   string
		sx, sy float32
	}{
		{[]string{"clips", "carphone.mp4"}, "left", 0, .5},
		{[]string{"clips", "bt601_full_range.mp4"}, "left", 0, .5}, // full range, yet H.264
		{[]string{"clips", "grid_bbaf2n.mpg"}, "center", .5, .5},   // MPEG-1
		{[]string{"clips", "weizmann_daria_jack.avi"}, "left", 0, .5},
		{[]string{"clips", "testsrc2_vp9.webm"}, "left", 0, .5},  // says nothing
		{[]string{"hostile", "gradient.avif"}, "center", .5, .5}, // says nothing, full range
		{[]string{"clips", "cockatoo.mp4"}, "", 0, 0},            // 4:4:4
		{[]string{"clips", "isl_hello.gif"}, "", 0, 0},           // RGB
		{[]string{"hostile", "video_180.mov"}, "left", 1, .5},
		{[]string{"hostile", "video_90.mov"}, "left", .5, 0},
		{[]string{"hostile", "video_270.mov"}, "left", .5, 1},
	} {
		path := sharedFile(t, tc.parts...)
		f := first(t, path)
		if got := open(t, plain(), path).Info().Siting; got != tc.name || f.SiteX != tc.sx || f.SiteY != tc.sy {
			t.Errorf("%s: siting %q at (%g,%g), want %q at (%g,%g)", tc.parts[1], got, f.SiteX, f.SiteY, tc.name, tc.sx, tc.sy)
		}
	}
}

// TestSitingOfStream reads what an H.264 stream says, against its codec's habit.
func TestSitingOfStream(t *testing.T) {
	for name, want := range map[string][2]float32{"topleft": {0, 0}, "center": {.5, .5}, "bottom": {.5, 1}} {
		path := generate(t, "a.mp4", append(source(""), "-frames:v", "2", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-chroma_sample_location", name)...)
		f := first(t, path)
		if got := open(t, plain(), path).Info().Siting; got != name || f.SiteX != want[0] || f.SiteY != want[1] {
			t.Errorf("siting %q at (%g,%g), want %q at %v", got, f.SiteX, f.SiteY, name, want)
		}
	}
}

// TestTurnedSiting turns a picture by every orientation and samples it: chroma
// that turned with its siting gives the turned view of the upright picture.
func TestTurnedSiting(t *testing.T) {
	for _, size := range [][2]int{{16, 12}, {13, 11}, {14, 9}} {
		for _, sited := range [][2]float32{{0, .5}, {0, 0}, {.5, .5}, {.5, 1}} {
			for exif := 1; exif <= 8; exif++ {
				im := checkered(size[0], size[1], sited)
				turned := im
				orient(&turned, exifOrientation(exif))
				want := values(t, &im)
				got := values(t, &turned)
				for c := range 3 {
					n := size[0] * size[1]
					flat := turnFloats(want[c*n:c*n+n], size[0], size[1], exifOrientation(exif))
					for i, v := range flat {
						if math.Abs(float64(v-got[c*n+i])) > 1e-6 {
							t.Fatalf("%v sited at %v, orientation %d: value %d of channel %d is %g, want %g", size, sited, exif, i, c, got[c*n+i], v)
						}
					}
				}
			}
		}
	}
}

// checkered is a 4:2:0 picture without symmetry.
func checkered(w, h int, sited [2]float32) media.Image {
	im := media.Image{W: w, H: h, SubX: 1, SubY: 1, SiteX: sited[0], SiteY: sited[1], FullRange: true}
	cw, ch := chromaSize(&im)
	for p := range im.Planes {
		pw, ph := w, h
		if p > 0 {
			pw, ph = cw, ch
		}
		im.Strides[p] = pw
		im.Planes[p] = make([]byte, pw*ph)
		for i := range im.Planes[p] {
			im.Planes[p][i] = byte(100 + (i*i*7+31*i*(p+1))%56) // within the gamut, where nothing clamps
		}
	}
	return im
}

func values(t *testing.T, im *media.Image) []float32 {
	t.Helper()
	n := im.W * im.H
	out := make([]float32, 3*n)
	if err := im.Sample(out, n, media.View{W: im.W, H: im.H}); err != nil {
		t.Fatal(err)
	}
	return out
}

func turnFloats(src []float32, w, h int, o orientation) []float32 {
	places := make([]byte, w*h) // turn moves bytes: move the places
	for i := range places {
		places[i] = byte(i)
	}
	out := make([]float32, len(src))
	for i, p := range o.turn(places, w, h) {
		out[i] = src[p]
	}
	return out
}

// TestSitingChangesColour: the same planes at another siting are another picture.
func TestSitingChangesColour(t *testing.T) {
	left, centre := checkered(16, 12, [2]float32{0, .5}), checkered(16, 12, [2]float32{.5, .5})
	a, b := values(t, &left), values(t, &centre)
	same := true
	for i := range a {
		same = same && a[i] == b[i]
	}
	if same {
		t.Error("the siting has no effect")
	}
}
