package pretext

import (
	"math/rand/v2"
	"slices"
)

// Permutation returns the permutation of 0..n-1 at that place of the
// lexicographic list, which starts with the identity. Element s is the true
// position of what is shown in slot s. index is in [0, n!), n at most 20.
func Permutation(index, n int) []int {
	rest := make([]int, n)
	for i := range rest {
		rest[i] = i
	}
	order := make([]int, n)
	for slot := range order {
		block := factorial(n - 1 - slot)
		at := index / block
		index %= block
		order[slot] = rest[at]
		rest = slices.Delete(rest, at, at+1)
	}
	return order
}

// PermutationIndex is the place of a permutation in the lexicographic list.
func PermutationIndex(order []int) int {
	index := 0
	for slot, position := range order {
		smaller := 0
		for _, later := range order[slot+1:] {
			if later < position {
				smaller++
			}
		}
		index += smaller * factorial(len(order)-1-slot)
	}
	return index
}

// mergedOrders lists the permutations of 0..n-1, lexicographically, that come
// before their own reversal. It merges reversed orders as OPN does
// (arXiv:1708.01246), whose own table differs in the choice between the two.
func mergedOrders(n int) [][]int {
	var orders [][]int
	for index := range factorial(n) {
		order := Permutation(index, n)
		if PermutationIndex(reversed(order)) > index {
			orders = append(orders, order)
		}
	}
	return orders
}

func reversed(order []int) []int {
	back := slices.Clone(order)
	slices.Reverse(back)
	return back
}

func factorial(n int) int {
	f := 1
	for k := 2; k <= n; k++ {
		f *= k
	}
	return f
}

// shuffle draws uniformly from the permutations of 0..n-1 other than the
// identity; n is at least 2.
func shuffle(rng *rand.Rand, n int) []int {
	for {
		if order := rng.Perm(n); !slices.IsSorted(order) {
			return order
		}
	}
}

// frameOrder spreads an order of pieces over frames. Piece k is the run of frames
// [k frames/n, (k+1) frames/n), rounded down, and keeps its inner order.
func frameOrder(pieces []int, frames int) []int {
	n := len(pieces)
	order := make([]int, 0, frames)
	for _, piece := range pieces {
		for f := piece * frames / n; f < (piece+1)*frames/n; f++ {
			order = append(order, f)
		}
	}
	return order
}
