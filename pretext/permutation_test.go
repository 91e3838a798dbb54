package pretext

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPermutationsAreLexicographic(t *testing.T) {
	var got []string
	for i := range 6 {
		got = append(got, fmt.Sprint(Permutation(i, 3)))
	}
	if d := cmp.Diff([]string{"[0 1 2]", "[0 2 1]", "[1 0 2]", "[1 2 0]", "[2 0 1]", "[2 1 0]"}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for n := range 6 {
		var before []int
		for i := range factorial(n) {
			order := Permutation(i, n)
			if back := PermutationIndex(order); back != i {
				t.Errorf("index of %v is %d, want %d", order, back, i)
			}
			if before != nil && slices.Compare(before, order) >= 0 {
				t.Errorf("%v comes before %v", before, order)
			}
			before = order
		}
	}
}

func TestMergedOrders(t *testing.T) {
	for n, want := range map[int]int{2: 1, 3: 3, 4: 12} {
		orders := mergedOrders(n)
		if len(orders) != want {
			t.Errorf("%d classes of %d pieces, want %d", len(orders), n, want)
		}
		seen := map[string]bool{}
		for _, o := range orders {
			seen[fmt.Sprint(o)], seen[fmt.Sprint(reversed(o))] = true, true
		}
		if len(seen) != factorial(n) {
			t.Errorf("%d pieces: classes cover %d orders of %d", n, len(seen), factorial(n))
		}
	}
}

// Every order but the identity comes equally often.
func TestShuffleIsUniform(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	const draws = 23000
	counts := map[int]int{}
	for range draws {
		counts[PermutationIndex(shuffle(rng, 4))]++
	}
	chi := 0.
	for i := 1; i < 24; i++ {
		d := float64(counts[i]) - draws/23.
		chi += d * d / (draws / 23.)
	}
	if counts[0] > 0 || chi > 48.3 { // 22 degrees of freedom, p = .001
		t.Errorf("identity %d times, chi squared %.1f", counts[0], chi)
	}
}

func TestFrameOrder(t *testing.T) {
	for _, tc := range []struct {
		pieces []int
		frames int
		want   []int
	}{
		{[]int{2, 0, 1}, 6, []int{4, 5, 0, 1, 2, 3}},
		{[]int{1, 0}, 5, []int{2, 3, 4, 0, 1}},
		{[]int{3, 1, 0, 2}, 4, []int{3, 1, 0, 2}},
		{[]int{0, 1, 2}, 8, []int{0, 1, 2, 3, 4, 5, 6, 7}},
	} {
		if d := cmp.Diff(tc.want, frameOrder(tc.pieces, tc.frames)); d != "" {
			t.Errorf("pieces %v (-want +got):\n%s", tc.pieces, d)
		}
	}
}
