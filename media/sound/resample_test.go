package sound

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// wave is x[i] = sin(.3 i) + .5 cos(1.1 i^2 / 40) for i < 40.
func wave() []float32 {
	out := make([]float32, 40)
	for i := range out {
		x := float64(i)
		out[i] = float32(math.Sin(.3*x) + .5*math.Cos(1.1*x*x/40))
	}
	return out
}

// torchaudio.functional.resample (2.11, float64) of wave; first values.
var resampled = []struct {
	from, to, n int
	want        []float64
}{
	{44100, 16000, 15, []float64{.4202044, 1.2463928, 1.3211591, .4756867, -.6844028, -.5319722, -.9153318, -.6552473, .4881417, .8078931, .9781819, .2888201}},
	{8000, 16000, 80, []float64{.4982898, .6864176, .7967615, .9179668, 1.0605763, 1.1816067, 1.2686023, 1.336831, 1.3841957, 1.400144, 1.3838545, 1.3333488}},
	{3, 2, 27, []float64{.444111, .953024, 1.2588282, 1.4039966, 1.2469814, .7899205, .1216409, -.5055321, -.7832609, -.6402587, -.4804719, -.7910939}},
	{16000, 16000, 40, []float64{.5, .7953312, 1.0616205, 1.2680909, 1.3844149, 1.3839125}},
}

func TestResample(t *testing.T) {
	for _, tc := range resampled {
		r, err := NewResampler(tc.from, tc.to)
		if err != nil {
			t.Fatal(err)
		}
		n := int(r.Len(40))
		if n != tc.n {
			t.Fatalf("%d to %d Hz: %d samples, want %d", tc.from, tc.to, n, tc.n)
		}
		got := make([]float32, n)
		r.Span(got, 0, wave(), 0)
		for i, want := range tc.want {
			if math.Abs(float64(got[i])-want) > 1e-6 { // float32 input and weights
				t.Errorf("%d to %d Hz: sample %d is %v, want %v", tc.from, tc.to, i, got[i], want)
			}
		}
	}
}

// A span has the bits that the whole has, and needs no more input than it says.
func TestSpansAreExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	input := make([]float32, 3000)
	for i := range input {
		input[i] = rng.Float32()*2 - 1
	}
	for _, rates := range [][2]int{{44100, 16000}, {16000, 44100}, {48000, 16000}, {7, 5}, {1, 1}} {
		r, err := NewResampler(rates[0], rates[1])
		if err != nil {
			t.Fatal(err)
		}
		whole := make([]float32, r.Len(int64(len(input)))+40)
		r.Span(whole, -20, input, 0)
		for range 50 {
			start := rng.IntN(len(whole)-30) - 20
			n := 1 + rng.IntN(len(whole)-start-20)
			low, high := r.Needs(int64(start), n)
			part := input[min(max(low, 0), 3000):min(max(high, 0), 3000)]
			got := make([]float32, n)
			r.Span(got, int64(start), part, min(max(low, 0), 3000))
			for i, v := range got {
				if v != whole[start+20+i] {
					t.Fatalf("%v: span of %d from %d: sample %d is %v, in the whole %v", rates, n, start, i, v, whole[start+20+i])
				}
			}
		}
	}
}

func TestResamplerRefuses(t *testing.T) {
	for want, rates := range map[string][2]int{
		"sample rate 0 Hz, want 1":             {0, 1},
		"sample rate 900000 Hz":                {16000, 900000},
		"choose a rate with a larger common d": {767999, 767957},
	} {
		if _, err := NewResampler(rates[0], rates[1]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %q", rates, err, want)
		}
	}
}
