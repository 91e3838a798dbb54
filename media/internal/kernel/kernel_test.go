package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomAxis weighs taps samples of a source of size for each of n outputs.
func randomAxis(rng *rand.Rand, size, taps, n int) Axis {
	a := Axis{From: size, Taps: taps}
	var starts []int
	for range n {
		starts = append(starts, rng.IntN(size-taps+1))
	}
	for _, s := range starts {
		a.From, a.To = min(a.From, s), max(a.To, s+taps)
	}
	for _, s := range starts {
		a.First = append(a.First, int32(s-a.From))
		for range taps {
			a.Weights = append(a.Weights, rng.Float32())
		}
	}
	return a
}

// What runs equals the reference bit for bit, on whatever processor this is.
func TestResizeEqualsReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, tc := range []struct{ w, h, tapsX, tapsY, outW, outH int }{
		{64, 48, 4, 4, 16, 12}, {131, 77, 12, 8, 33, 20}, {40, 9, 2, 3, 50, 11}, {1, 1, 1, 1, 3, 2},
		{33, 5, 8, 5, 7, 3}, {640, 480, 12, 9, 112, 112}, {31, 31, 16, 31, 5, 1},
	} {
		t.Run(fmt.Sprintf("%+v", tc), func(t *testing.T) {
			stride := tc.w + 3
			src := make([]byte, stride*(tc.h-1)+tc.w) // its last row ends with the plane
			for i := range src {
				src[i] = byte(rng.IntN(256))
			}
			x, y := randomAxis(rng, tc.w, tc.tapsX, tc.outW), randomAxis(rng, tc.h, tc.tapsY, tc.outH)
			got, want := make([]float32, tc.outW*tc.outH), make([]float32, tc.outW*tc.outH)
			line := make([]float32, x.Work())
			Resize(got, src, stride, &x, &y, line)
			resizeGo(want, src, stride, &x, &y, line[:x.Reach()])
			if !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got[:min(8, len(got))], want[:min(8, len(want))])
			}
		})
	}
}

func TestConvertEqualsReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	c := Colour{M: [3][4]float32{{.0045, 0, .007, -.9}, {.0045, -.002, -.003, .5}, {.0045, .008, 0, -1.1}}, Scale: [3]float32{4, 5, 6}, Offset: [3]float32{-1, -2, -3}}
	for _, n := range []int{1, 7, 16, 33, 112 * 112} {
		var in, got, want [3][]float32
		for i := range in {
			got[i], want[i] = make([]float32, n), make([]float32, n)
			for range n {
				in[i] = append(in[i], 255*rng.Float32())
			}
		}
		Convert(got[0], got[1], got[2], in[0], in[1], in[2], &c)
		convertGo(want[0], want[1], want[2], in[0], in[1], in[2], &c)
		for i := range got {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("%d values: channel %d differs", n, i)
			}
		}
	}
}

// C gets no address outside the plane: what does not fit panics before.
func TestResizeRefusesShortPlanes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a plane that is too short is read")
		}
	}()
	a := Axis{To: 4, Taps: 4, First: []int32{0}, Weights: make([]float32, 4)}
	Resize(make([]float32, 1), make([]byte, 15), 4, &a, &a, make([]float32, a.Work()))
}

func BenchmarkResize(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	src := make([]byte, 640*480)
	x, y := randomAxis(rng, 640, 12, 112), randomAxis(rng, 480, 9, 112)
	dst, line := make([]float32, 112*112), make([]float32, x.Work())
	twin := func(dst []float32, src []byte, stride int, x, y *Axis, line []float32) {
		resizeGo(dst, src, stride, x, y, line[:x.Reach()])
	}
	for name, resize := range map[string]func([]float32, []byte, int, *Axis, *Axis, []float32){"used": Resize, "go": twin} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				resize(dst, src, 640, &x, &y, line)
			}
		})
	}
}
