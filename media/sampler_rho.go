package media

import (
	"math"
	"sort"
)

// rhoTries is how often SlowFast draws a clip anew, and how often it starts over.
const rhoTries = 100

// SpacedClips draws one clip for each extent (in source frames) of a video of n
// frames such that the gaps between neighbours lie in [minGap, maxGap]; a
// negative gap is an overlap (rho, arXiv:2104.14558, by SlowFast's code). draw
// returns values in [0,1). Row i is (first frame, last frame, gap to the clip
// before) in time order. Where no try fits, the best misfit is returned.
func SpacedClips(n int, extents []float64, minGap, maxGap float64, draw func() float64) [][3]float64 {
	var best [][2]float64
	misfit := math.Inf(1)
	for range rhoTries {
		clips := spacedTry(n, extents, minGap, maxGap, draw)
		if m := gapMisfit(clips, minGap, maxGap); best == nil || len(clips) > len(best) || len(clips) == len(best) && m < misfit {
			best, misfit = clips, m
		}
		if len(best) == len(extents) && misfit == 0 {
			break
		}
	}
	rows := make([][3]float64, len(best))
	for i, c := range best {
		rows[i] = [3]float64{c[0], c[1], 0}
		if i > 0 {
			rows[i][2] = c[0] - best[i-1][1]
		}
	}
	return rows
}

// spacedTry places the clips one after the other, each drawn until it fits
// beside those that are placed; one that never fits is left out.
func spacedTry(n int, extents []float64, minGap, maxGap float64, draw func() float64) [][2]float64 {
	var placed [][2]float64
	for _, extent := range extents {
		for range rhoTries {
			start := draw() * max(float64(n)-extent, 0)
			next := sortColumns(append(placed[:len(placed):len(placed)], [2]float64{start, start + extent - 1}))
			if gapMisfit(next, minGap, maxGap) == 0 {
				placed = next
				break
			}
		}
	}
	return placed
}

// sortColumns sorts starts and ends each for itself, as the published code does.
func sortColumns(clips [][2]float64) [][2]float64 {
	for column := range 2 {
		values := make([]float64, len(clips))
		for i := range clips {
			values[i] = clips[i][column]
		}
		sort.Float64s(values)
		for i := range clips {
			clips[i][column] = values[i]
		}
	}
	return clips
}

// gapMisfit sums the distances of the gaps to [minGap, maxGap].
func gapMisfit(clips [][2]float64, minGap, maxGap float64) float64 {
	sum := 0.
	for i := 1; i < len(clips); i++ {
		gap := clips[i][0] - clips[i-1][1]
		sum += max(minGap-gap, 0) + max(gap-maxGap, 0)
	}
	return sum
}
