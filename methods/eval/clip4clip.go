package eval

import (
	"fmt"
	"math"
	"slices"
)

// TiesAppended returns the 0-based ranks that ArrowLuo/CLIP4Clip's metrics.py
// computes from square similarities (N, N), answers on the diagonal: every
// place tied with the answer is appended as if it were a query of its own, so
// that the list is longer than N and ties weigh more than other queries. It
// is here to compare with published numbers; reports average ties. The golden
// folder retrieval-metrics proves it.
func TiesAppended(sims Matrix) ([]int, error) {
	if err := ByOwner(make([]int, sims.Rows), sims.Cols).check(sims); err != nil {
		return nil, err
	}
	if sims.Rows != sims.Cols {
		return nil, fmt.Errorf("eval: retrieval: similarities (%d, %d), want a square", sims.Rows, sims.Cols)
	}
	var ranks []int
	for i := range sims.Rows {
		greater, equal := 0, 0
		for _, s := range sims.Row(i) {
			switch {
			case s > sims.Row(i)[i]:
				greater++
			case s == sims.Row(i)[i]:
				equal++
			}
		}
		for r := range equal {
			ranks = append(ranks, greater+r)
		}
	}
	return ranks, nil
}

// MultiSentence is that code's rule for captions sims (Q, V) in unequal
// numbers, owner (Q) naming each one's video in [0, V): text to video for
// every caption; video to text after each video's captions are joined by
// their maximum, with ties appended. The median of the first is the lower of
// the middle two. It scores as the published tables of several captions a video
// do; the golden folder retrieval-metrics proves it.
func MultiSentence(sims Matrix, owner []int) (toVideo, toText Recall, err error) {
	ranks, err := TextToVideo(sims, ByOwner(owner, sims.Cols))
	if err != nil {
		return toVideo, toText, err
	}
	best := NewMatrix(sims.Cols, sims.Cols) // [video asked][video whose captions]
	for i := range best.Data {
		best.Data[i] = math.Inf(-1)
	}
	for q, v := range owner {
		for w, s := range sims.Row(q) {
			best.Row(w)[v] = max(best.Row(w)[v], s)
		}
	}
	appended, err := TiesAppended(best)
	if err != nil {
		return toVideo, toText, err
	}
	toVideo, toText = Summarize(ranks), Summarize(floats64(appended))
	slices.Sort(ranks)
	toVideo.MedianRank = ranks[(len(ranks)-1)/2] + 1
	return toVideo, toText, nil
}

func floats64(xs []int) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = float64(x)
	}
	return out
}
