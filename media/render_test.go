package media_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

// strong draws every change there is.
func strong() media.AugmentConfig {
	a := media.DefaultAugment()
	a.Flip, a.ColourProb, a.ColourStrength, a.Hue = .5, 1, .6, .1
	a.BlurProb, a.Solarise = .5, .5
	return a
}

// texture paints something without symmetry; speed moves it, in pixels a frame.
func texture(speed int) mediatest.Movie {
	return mediatest.Movie{W: 40, H: 30, Frames: 24, Paint: func(t, x, y int) [3]byte {
		x += speed * t
		return [3]byte{byte(x*7 + y*3), byte(x*x + 5*y), byte(90 + x*y/2)}
	}}
}

func clipConfig(input string) media.ClipConfig {
	return media.ClipConfig{Frames: 6, Stride: 2, Size: 16, Input: input}
}

func rng(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 77)) }

func render(t *testing.T, seed uint64, m mediatest.Movie, c media.ClipConfig, a media.AugmentConfig) []float32 {
	t.Helper()
	out, err := media.RenderAugmented(rng(seed), mediatest.Clip(m, media.Span{N: c.Frames, Stride: c.Stride}), c, a)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != c.Len() {
		t.Fatalf("%d values, want %v", len(out), c.Shape())
	}
	return out
}

// Parameters are drawn once for all frames: a still video stays still, to the
// last bit, whatever is drawn.
func TestStillVideoStaysStill(t *testing.T) {
	for seed := range uint64(40) {
		for i, d := range render(t, seed, texture(0), clipConfig(media.InputDiff), strong()) {
			if d != 0 {
				t.Fatalf("seed %d: difference %d of a still video is %g", seed, i, d)
			}
		}
	}
	a := strong()
	a.PerFrame = true // the broken control must be broken
	moves := 0
	for _, d := range render(t, 1, texture(0), clipConfig(media.InputDiff), a) {
		if d != 0 {
			moves++
		}
	}
	if moves < 1000 {
		t.Errorf("per-frame draws move %d values of a still video, want nearly all", moves)
	}
}

func TestRenderRepeats(t *testing.T) {
	for _, perFrame := range []bool{false, true} {
		a := strong()
		a.PerFrame = perFrame
		for _, input := range media.Inputs() {
			first := render(t, 3, texture(2), clipConfig(input), a)
			if !slices.Equal(first, render(t, 3, texture(2), clipConfig(input), a)) {
				t.Errorf("%s: same draws, other bits", input)
			}
			if slices.Equal(first, render(t, 4, texture(2), clipConfig(input), a)) {
				t.Errorf("%s: other draws, same bits", input)
			}
		}
	}
}

func TestRenderInputsAgree(t *testing.T) {
	c := clipConfig(media.InputRGB)
	x := render(t, 9, texture(1), c, strong())
	n := 16 * 16
	var want []float32
	for k := range 3 {
		want = append(want, x[k*6*n:][:5*n]...)
	}
	for k := range 3 {
		for s := range 5 {
			for i := range n {
				at := (k*6+s)*n + i
				want = append(want, 2*(x[at+n]-x[at]))
			}
		}
	}
	if got := render(t, 9, texture(1), clipConfig(media.InputRGBDiff), strong()); !slices.Equal(got, want) {
		t.Error("rgb+diff is not rgb and its differences")
	}
	if got := render(t, 9, texture(1), clipConfig(media.InputDiff), strong()); !slices.Equal(got, want[15*n:]) {
		t.Error("diff is not the differences of rgb")
	}
	for _, v := range x {
		if v < -2.0001 || v > 2.4445 { // (0-.45)/.225 and (1-.45)/.225
			t.Fatalf("value %g lies outside normalised [0,1]", v)
		}
	}
}

func TestRenderCentre(t *testing.T) {
	grey := mediatest.Movie{W: 40, H: 30, Frames: 24, Paint: func(t, x, _ int) [3]byte {
		if x < 5 || x >= 35 { // outside the central square
			return [3]byte{255, 255, 255}
		}
		return [3]byte{byte(10 * t), 51, 0}
	}}
	c := clipConfig(media.InputRGB)
	out, err := media.RenderCentre(mediatest.Clip(grey, media.Span{Start: 1, N: 6, Stride: 2}), c)
	if err != nil {
		t.Fatal(err)
	}
	n := 16 * 16
	for s := range 6 {
		for k, value := range []float64{float64(10*(1+2*s)) / 255, .2, 0} {
			for _, got := range out[(k*6+s)*n:][:n] {
				if want := (value - .45) / .225; math.Abs(float64(got)-want) > 1e-5 { // float32
					t.Fatalf("channel %d, step %d: %g, want %g", k, s, got, want)
				}
			}
		}
	}
}

func TestRenderRefusesOtherLengths(t *testing.T) {
	clip := mediatest.Clip(texture(0), media.Span{N: 5, Stride: 1})
	_, err := media.RenderAugmented(rng(1), clip, clipConfig(media.InputRGB), strong())
	_, centre := media.RenderCentre(clip, clipConfig(media.InputRGB))
	for _, err := range []error{err, centre} {
		if err == nil || !strings.Contains(err.Error(), "clip movie from frame 0 has 5 frames, want media.frames (6)") {
			t.Errorf("error %v", err)
		}
	}
}

// The cost of a view beyond Sample, for the recipe of the synthetic set.
func BenchmarkRenderAugmented(b *testing.B) {
	c := media.DefaultClip()
	m := mediatest.Movie{W: 64, H: 64, Frames: 24, Paint: texture(1).Paint}
	clip := mediatest.Clip(m, media.Span{N: c.Frames, Stride: c.Stride})
	b.Run("sample", func(b *testing.B) {
		dst := make([]float32, 3*c.Frames*c.Size*c.Size)
		for b.Loop() {
			if err := clip.Sample(dst, media.CentreView(64, 64, c.Size)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("view", func(b *testing.B) {
		r, a := rng(1), media.DefaultAugment()
		for b.Loop() {
			if _, err := media.RenderAugmented(r, clip, c, a); err != nil {
				b.Fatal(err)
			}
		}
	})
}
