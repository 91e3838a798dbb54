package pretext

import (
	"slices"
	"testing"
)

func TestRNGDependsOnItsPartsAlone(t *testing.T) {
	if RNG(1, 2, 3).Uint64() != RNG(1, 2, 3).Uint64() {
		t.Error("same parts, other draws")
	}
	seen := map[uint64]string{}
	for seed := range uint64(8) {
		for epoch := range 8 {
			for sample := range 64 {
				v := RNG(seed, epoch, sample).Uint64()
				if seen[v] != "" {
					t.Fatalf("seed %d, epoch %d, sample %d draws as another does", seed, epoch, sample)
				}
				seen[v] = "x"
			}
		}
	}
	// First draws of neighbouring samples are spread evenly.
	var counts [10]int
	for sample := range 10000 {
		counts[int(RNG(0, 0, sample).Float64()*10)]++
	}
	for _, c := range counts {
		if c < 850 || c > 1150 { // 5 standard errors
			t.Errorf("first draws by tenths: %v of 10000", counts)
		}
	}
}

// The streams are part of what a checkpoint means: a change of these values
// breaks every resume and every published result.
func TestRNGIsForGood(t *testing.T) {
	got := []uint64{RNG(0, 0, 0).Uint64(), RNG(7, 1, 5).Uint64(), uint64(Order(3, 2, 100)[0]), uint64(Substitute(1, 2, 3, 4, 1000))}
	if want := []uint64{9656463782747322224, 10565103630585629909, 49, 942}; !slices.Equal(got, want) {
		t.Errorf("draws %v, want %v", got, want)
	}
}

func TestOrder(t *testing.T) {
	first := Order(1, 0, 50)
	if !slices.Equal(first, Order(1, 0, 50)) || slices.Equal(first, Order(1, 1, 50)) || slices.Equal(first, Order(2, 0, 50)) {
		t.Error("an order must depend on seed and epoch, and on nothing else")
	}
	slices.Sort(first)
	for i, v := range first {
		if i != v {
			t.Fatalf("not a permutation: %v", first)
		}
	}
}

func TestSubstitute(t *testing.T) {
	seen := map[int]bool{}
	for attempt := range 400 {
		n := Substitute(1, 0, 5, attempt, 20)
		if n < 0 || n >= 20 {
			t.Fatalf("sample %d of 20", n)
		}
		seen[n] = true
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 samples can stand in", len(seen))
	}
}
