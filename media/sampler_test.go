package media

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func sampled(sampler, short string) ClipConfig {
	return ClipConfig{Frames: 4, Stride: 3, Sampler: sampler, Short: short, Size: 16, Input: InputRGB}
}

// frames lists what a span shows of a video of n frames.
func (s Span) frames(n int) []int {
	out := make([]int, s.N)
	for j := range out {
		out[j] = s.Frame(j, n)
	}
	return out
}

func TestTestSpans(t *testing.T) {
	for _, tc := range []struct {
		sampler, short string
		n, k           int
		want           string
	}{
		{SamplerRandom, ShortWrap, 20, 2, "[[0 3 6 9] [10 13 16 19]]"},
		{SamplerRandom, ShortWrap, 8, 1, "[[0 3 6 1]]"},
		{SamplerRandom, ShortRepeat, 8, 1, "[[0 3 6 7]]"},
		{SamplerUniform, ShortWrap, 20, 1, "[[2 7 12 17]]"}, // centres of fives
		{SamplerUniform, ShortWrap, 3, 1, "[[0 1 1 2]]"},    // floor((i+1/2) 3/4)
		{SamplerUniform, ShortWrap, 16, 2, "[[1 5 9 13] [3 7 11 15]]"},
		{SamplerDense, ShortWrap, 20, 2, "[[0 3 7 11] [4 7 11 15]]"}, // windows of 12 from 0 and (20-12)/2
		{SamplerDense, ShortWrap, 6, 1, "[[0 3 5 5]]"},               // held at the end
		{"", "", 8, 1, "[[0 3 6 1]]"},
	} {
		spans, err := sampled(tc.sampler, tc.short).TestSpans(tc.n, tc.k)
		if err != nil {
			t.Fatal(err)
		}
		var got [][]int
		for _, s := range spans {
			got = append(got, s.frames(tc.n))
		}
		if fmt.Sprint(got) != tc.want {
			t.Errorf("%s, %s: %d clips of %d frames are %v, want %s", tc.sampler, tc.short, tc.k, tc.n, got, tc.want)
		}
	}
}

// Every sampler, with every policy, keeps to the video, draws what its rule
// allows and all of it, and repeats with its seed.
func TestTrainSpans(t *testing.T) {
	for _, sampler := range ClipSamplers() {
		for _, short := range ShortPolicies() {
			for _, n := range []int{1, 3, 9, 10, 12, 13, 40} {
				c := sampled(sampler, short)
				rng, again := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(1, 2))
				seen := map[string]bool{}
				for range 300 {
					s, err := c.TrainSpan(rng, n)
					same, _ := c.TrainSpan(again, n)
					if short == ShortFail && n < c.need() {
						if !errors.Is(err, ErrShort) || !strings.Contains(err.Error(), fmt.Sprintf("%d frames, a clip takes %d", n, c.need())) {
							t.Fatalf("%s: %d frames: %v, want ErrShort", sampler, n, err)
						}
						continue
					}
					if err != nil || s.Validate() != nil {
						t.Fatal(err, s.Validate())
					}
					frames := s.frames(n)
					if !slices.Equal(frames, same.frames(n)) {
						t.Fatalf("%s: same draws, other frames", sampler)
					}
					if slices.Min(frames) < 0 || slices.Max(frames) >= n || short != ShortWrap && !slices.IsSorted(frames) {
						t.Fatalf("%s, %s: frames %v of %d", sampler, short, frames, n)
					}
					seen[fmt.Sprint(frames)] = true
				}
				if n == 40 && len(seen) < 20 {
					t.Errorf("%s: %d different clips in 300 draws", sampler, len(seen))
				}
			}
		}
	}
}

func TestUniformDrawsOncePerPart(t *testing.T) {
	c := sampled(SamplerUniform, ShortWrap)
	rng := rand.New(rand.NewPCG(3, 3))
	seen := map[int]bool{}
	for range 400 {
		for i, f := range uniformTrain(rng, 20, c).Picks {
			if f/5 != i {
				t.Fatalf("frame %d in part %d of fives", f, i)
			}
			seen[f] = true
		}
	}
	if len(seen) != 20 {
		t.Errorf("%d frames were drawn of 20", len(seen))
	}
}

func TestRhoSpans(t *testing.T) {
	c := sampled(SamplerRandom, ShortWrap) // windows of 12 frames
	r := RhoConfig{Clips: 3, MinGap: 2, MaxGap: 10}
	rng := rand.New(rand.NewPCG(1, 1))
	first := map[int]bool{}
	for range 200 {
		spans, err := r.Spans(rng, 80, c)
		if err != nil || len(spans) != 3 {
			t.Fatal(err, spans)
		}
		starts := []int{spans[0].Picks[0], spans[1].Picks[0], spans[2].Picks[0]}
		first[slices.Index(starts, slices.Min(starts))] = true
		slices.Sort(starts)
		for i := range 2 { // from the last frame of one, 11 on, to the first of the next, rounded down
			if gap := starts[i+1] - starts[i] - 11; gap < 1 || gap > 11 {
				t.Fatalf("clips start at %v: gap %d, want 2 to 10 but for rounding", starts, gap)
			}
		}
	}
	if len(first) != 3 {
		t.Error("the earliest clip has a fixed place")
	}
	for _, short := range ShortPolicies() {
		c.Short = short
		spans, err := r.Spans(rng, 30, c) // there is room for two
		if short == ShortFail {
			if !errors.Is(err, ErrShort) || !strings.Contains(err.Error(), "lower rho.min_gap") {
				t.Errorf("no room: %v", err)
			}
			continue
		}
		if err != nil || len(spans) != 3 || slices.Max(spans[2].Picks) > 29 {
			t.Errorf("%s: %v, %v", short, spans, err)
		}
	}
}

func TestRhoValidate(t *testing.T) {
	for want, r := range map[string]RhoConfig{
		"rho.clips is 1, want 2 to 16":         {Clips: 1},
		"rho.min_gap is 3 and rho.max_gap 2, ": {Clips: 2, MinGap: 3, MaxGap: 2},
	} {
		if err := r.Validate("rho"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want %q", err, want)
		}
	}
	if err := DefaultRho().Validate("rho"); err != nil {
		t.Error(err)
	}
}
