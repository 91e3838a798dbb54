package device

import (
	"math"
	"testing"
)

// kept lists the draws of the first n runs.
func kept(a DropoutAttrs, step int32, n int) []bool {
	keeps, out := a.Keeps(step), make([]bool, n)
	for i := range out {
		out[i] = keeps(uint32(i))
	}
	return out
}

// agree counts equal entries.
func agree(a, b []bool) int {
	n := 0
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

// Draws of a run are those of every later run: a checkpoint's next step needs
// them. These are fixed for good; the number was computed in Python.
func TestDrawsAreFixed(t *testing.T) {
	bits := 0
	for i, keep := range kept(DropoutAttrs{Rate: .5, Seed: 7, Stream: 3}, 41, 16) {
		if keep {
			bits |= 1 << i
		}
	}
	if want := 0x9d7a; bits != want {
		t.Errorf("draws %#x, want %#x", bits, want)
	}
}

// Shares, and agreement of masks that differ in one thing, are those of
// independent draws within 5 standard deviations.
func TestDrawsAreIndependent(t *testing.T) {
	const n = 1 << 16
	for _, rate := range []float64{.1, .5, .8} {
		a := DropoutAttrs{Rate: rate, Seed: 1, Stream: 2}
		mask := kept(a, 3, n)
		near(t, "share kept", agree(mask, make([]bool, n)), n, rate)
		same := rate*rate + (1-rate)*(1-rate)
		other := a
		other.Seed++
		near(t, "other seed", agree(mask, kept(other, 3, n)), n, same)
		other = a
		other.Stream++
		near(t, "other stream", agree(mask, kept(other, 3, n)), n, same)
		near(t, "next step", agree(mask, kept(a, 4, n)), n, same)
		for _, lag := range []int{1, 2, 16, 512} {
			near(t, "neighbours", agree(mask[lag:], mask[:n-lag]), n-lag, same)
		}
	}
}

func near(t *testing.T, what string, count, n int, p float64) {
	t.Helper()
	want, deviation := float64(n)*p, math.Sqrt(float64(n)*p*(1-p))
	if math.Abs(float64(count)-want) > 5*deviation {
		t.Errorf("%s at %g: %d of %d, want %.0f±%.0f", what, p, count, n, want, deviation)
	}
}

func TestRateZeroKeepsAll(t *testing.T) {
	for i, keep := range kept(DropoutAttrs{}, 0, 1000) {
		if !keep {
			t.Fatalf("run %d is gone", i)
		}
	}
}
