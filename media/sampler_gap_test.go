package media

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestGapCDF(t *testing.T) {
	for _, power := range []float64{.5, 1, 3} {
		if low, top := GapCDF(0, 40, power), GapCDF(40, 40, power); low != 0 || math.Abs(top-1) > 1e-12 {
			t.Errorf("power %g: F(0) = %g, F(M) = %g, want 0 and 1", power, low, top)
		}
		// The density is proportional to 1 - (k/M)^power.
		slope := func(k float64) float64 { return (GapCDF(k+.01, 40, power) - GapCDF(k-.01, 40, power)) / .02 }
		want := (1 - math.Pow(.75, power)) / (1 - math.Pow(.25, power))
		if got := slope(30) / slope(10); math.Abs(got-want) > 1e-6 { // central differences: O(h^2)
			t.Errorf("power %g: p(30)/p(10) = %g, want %g", power, got, want)
		}
	}
}

// The linear case has a closed inverse, M (1 - sqrt(1-u)), which bisection
// rounds down.
func TestGapAtIsTheInverse(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		m := 1 + rng.IntN(300)
		u := rng.Float64()
		if want := int(float64(m) * (1 - math.Sqrt(1-u))); GapAt(u, m, 1) != want {
			t.Fatalf("GapAt(%v, %d) = %d, want %d", u, m, GapAt(u, m, 1), want)
		}
	}
}

// Drawn gaps follow the density: chi-squared over ten bins of equal width.
func TestPairDensity(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	c := ClipConfig{Frames: 8, Stride: 2, Size: 48, Input: InputRGB}
	const n, draws, bins = 114, 20000, 10 // M = 100
	for _, power := range []float64{1, 2} {
		g := GapConfig{Power: power}
		var counts [bins]int
		swapped := 0
		for range draws {
			pair := g.Pair(rng, n, c)
			gap := pair[1].Start - pair[0].Start
			if gap < 0 {
				gap = -gap
				swapped++
			}
			counts[gap*bins/100]++
			for _, s := range pair {
				if s.Start < 0 || s.Start+c.Extent() > n {
					t.Fatalf("clip from %d leaves a video of %d frames", s.Start, n)
				}
			}
		}
		chi := 0.
		for b, count := range counts {
			want := draws * (GapCDF(float64(10*b+10), 100, power) - GapCDF(float64(10*b), 100, power))
			chi += (float64(count) - want) * (float64(count) - want) / want
		}
		if chi > 27.9 { // 9 degrees of freedom, p = .001
			t.Errorf("power %g: chi squared %.1f, counts %v", power, chi, counts)
		}
		if swapped < draws*2/5 || swapped > draws*3/5 {
			t.Errorf("power %g: the later clip came first in %d of %d", power, swapped, draws)
		}
	}
}

func TestPairBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	c := ClipConfig{Frames: 4, Stride: 2, Size: 48, Input: InputRGB}
	for _, tc := range []struct {
		n, min, max, low, top int
	}{
		{100, 0, 5, 0, 5},
		{100, 10, 20, 10, 20},
		{100, 90, 0, 90, 93}, // M = 94
		{100, 200, 0, 93, 93},
		{9, 5, 7, 2, 2}, // M = 3: the largest gap there is
		{7, 5, 7, 0, 0}, // exactly one clip
	} {
		low, top := tc.n, 0
		for range 3000 {
			pair := GapConfig{Power: 1, Min: tc.min, Max: tc.max}.Pair(rng, tc.n, c)
			gap := max(pair[0].Start-pair[1].Start, pair[1].Start-pair[0].Start)
			low, top = min(low, gap), max(top, gap)
		}
		if low != tc.low || top != tc.top {
			t.Errorf("%d frames, gap %d to %d: drawn %d to %d, want %d to %d", tc.n, tc.min, tc.max, low, top, tc.low, tc.top)
		}
	}
}

func TestShortVideosLoop(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	c := ClipConfig{Frames: 8, Stride: 3, Size: 48, Input: InputRGB}
	for n := range 23 { // 0 frames must not panic either
		starts := map[int]bool{}
		for range 500 {
			for _, s := range DefaultGap().Pair(rng, n, c) {
				starts[s.Start] = true
			}
			span, err := c.TrainSpan(rng, n)
			if err != nil {
				t.Fatal(err)
			}
			starts[span.Start] = true
		}
		for s := range starts {
			if s < 0 || s >= max(n, 1) {
				t.Errorf("video of %d frames: clip from %d", n, s)
			}
		}
		if len(starts) != StartRange(max(n, 1), 8, 3) {
			t.Errorf("video of %d frames: %d different starts, want %d", n, len(starts), StartRange(max(n, 1), 8, 3))
		}
	}
}

func TestGapValidate(t *testing.T) {
	for want, g := range map[string]GapConfig{
		"pairs.gap.power is 0, want more than 0":      {},
		"pairs.gap.power is NaN":                      {Power: math.NaN()},
		"pairs.gap.min is -1 frames":                  {Power: 1, Min: -1},
		"pairs.gap.max is 3 frames, want 0 (no bound": {Power: 1, Min: 4, Max: 3},
	} {
		if err := g.Validate("pairs.gap"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
	if err := DefaultGap().Validate("pairs.gap"); err != nil {
		t.Error(err)
	}
}
