package synth

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func testRNG() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func motion(t *testing.T, name string) Motion {
	t.Helper()
	for _, m := range Motions() {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no motion %s", name)
	return Motion{}
}

// TestMotions holds what each class does from one frame to the next.
func TestMotions(t *testing.T) {
	type step struct{ dx, dy, angle, scale float64 }
	s := &Scene{X: 30, Y: 34, Speed: 1.5, Rate: .2, Reach: 15, Phase: .4, frames: 24}
	for name, want := range map[string]step{
		"left": {dx: -1.5}, "right": {dx: 1.5}, "up": {dy: -1.5}, "down": {dy: 1.5},
		"spin_cw": {angle: .2}, "spin_ccw": {angle: -.2},
		// .5 * 1.25 * .06 * 1.5 of the half-size each frame.
		"grow": {scale: .05625}, "shrink": {scale: -.05625},
		"bounce": {dy: 15 * 2 * (math.Abs(math.Sin(.4+.2*5)) - math.Abs(math.Sin(.4+.2*4)))},
		"circle": {dx: 15 * (math.Cos(.4+.2*5) - math.Cos(.4+.2*4)), dy: 15 * (math.Sin(.4+.2*5) - math.Sin(.4+.2*4))},
	} {
		m := motion(t, name)
		a, b := m.place(s, 4), m.place(s, 5)
		got := step{b.x - a.x, b.y - a.y, b.angle - a.angle, b.scale - a.scale}
		for i, d := range []float64{got.dx - want.dx, got.dy - want.dy, got.angle - want.angle, got.scale - want.scale} {
			if math.Abs(d) > 1e-9 {
				t.Errorf("%s: %+v from frame 4 to 5, want %+v (part %d)", name, got, want, i)
			}
		}
	}
	if p := motion(t, "left").place(s, 12); p.x != 30 {
		t.Errorf("left is at %g in the middle of the video, want its centre 30", p.x)
	}
}

func TestWrap(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, 63: 63, 69.5: 69.5, 70: -6, 71: -5, -6: -6, -6.5: 69.5, -100: 52} {
		if got := wrap(x); math.Abs(got-want) > 1e-9 {
			t.Errorf("wrap(%g) = %g, want %g", x, got, want)
		}
	}
}

// TestShapeAreas compares what paint covers with the area of the outline, at
// any angle and between pixels: edges are smooth.
func TestShapeAreas(t *testing.T) {
	areas := map[string]float64{"square": 4, "triangle": .9 * 1.875, "cross": 2*4*.32 - 4*.32*.32, "bar": 4 * .35}
	s := &Scene{size: 64}
	for _, shape := range Shapes() {
		for _, angle := range []float64{0, .3, 1.1, 4} {
			canvas := make([]float64, 64*64*3)
			s.paint(canvas, shape, Colour{R: 1}, 10, pose{x: 31.3, y: 32.8, angle: angle, scale: 1})
			sum := 0.
			for i := 0; i < len(canvas); i += 3 {
				sum += canvas[i]
			}
			// 2 %: corners are cut by the width of a pixel.
			if want := areas[shape.Name] * 100; math.Abs(sum-want) > .02*want+1 {
				t.Errorf("%s at angle %g covers %.1f pixels, want %.1f", shape.Name, angle, sum, want)
			}
		}
	}
}

// TestPaintTurnsClockwise: the tip of the triangle goes from the top to the
// right.
func TestPaintTurnsClockwise(t *testing.T) {
	s := &Scene{size: 64}
	canvas := make([]float64, 64*64*3)
	s.paint(canvas, Shapes()[1], Colour{R: 1}, 16, pose{x: 32, y: 32, angle: math.Pi / 2, scale: 1})
	right, left := canvas[(32*64+32+14)*3], canvas[(32*64+32-14)*3]
	if right != 1 || left != 0 {
		t.Errorf("14 pixels right of the centre %g, left %g, want the tip at the right", right, left)
	}
}

func TestRenderIsSharpAndNoisy(t *testing.T) {
	rng := testRNG()
	s := Draw(rng, motion(t, "left"), 24, 64)
	canvas := make([]float64, 64*64*3)
	frames := make([][]byte, 2)
	for i := range frames {
		frames[i] = make([]byte, 64*64*3)
		s.Render(rng, 0, canvas, frames[i])
	}
	var sum, n float64
	for i := range frames[0] {
		if a, b := float64(frames[0][i]), float64(frames[1][i]); a > 20 && a < 235 {
			sum += (a - b) * (a - b)
			n++
		}
	}
	// Twice the variance; 5 % is far beyond the error of some 10,000 values.
	if sd := math.Sqrt(sum / n / 2); math.Abs(sd-frameNoise) > .05*frameNoise {
		t.Errorf("noise between two pictures of one instant has sd %.2f, want %d", sd, frameNoise)
	}
}

func TestDrawRanges(t *testing.T) {
	rng := testRNG()
	seen := map[string]int{}
	for range 2000 {
		s := Draw(rng, Motions()[0], 24, 32)
		seen[s.Shape.Name]++
		seen[s.Colour.Name]++
		seen[strings.Join(strings.Fields(s.Caption)[3:], " ")]++
		for _, b := range []struct {
			name             string
			value, low, high float64
		}{
			{"half-size", s.HalfSize, 7, 12}, {"x", s.X, 22, 42}, {"y", s.Y, 22, 42},
			{"speed", s.Speed, .9, 1.8}, {"rate", s.Rate, .15, .3}, {"reach", s.Reach, 12, 20},
		} {
			if b.value < b.low || b.value > b.high {
				t.Fatalf("%s is %g, want %g to %g", b.name, b.value, b.low, b.high)
			}
		}
	}
	for name, share := range map[string]float64{"square": .25, "triangle": .25, "cross": .25, "bar": .25,
		"red": 1. / 6, "green": 1. / 6, "blue": 1. / 6, "yellow": 1. / 6, "purple": 1. / 6, "white": 1. / 6,
		"moves to the left": .5, "slides left": .5} {
		// Five standard deviations of a binomial share.
		if got := float64(seen[name]) / 2000; math.Abs(got-share) > 5*math.Sqrt(share*(1-share)/2000) {
			t.Errorf("%s has a share of %.3f, want %.3f", name, got, share)
		}
	}
}
