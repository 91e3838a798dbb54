package eval

import (
	"fmt"
	"math"
	"sort"
)

// KNNConfig sets the weighted vote of nearest neighbours.
type KNNConfig struct {
	K           int     // neighbours that vote, at least 1: eval.knn_k
	Temperature float64 // eval.knn_temperature: of the weights exp(cosine/temperature), at least 0.0015; +Inf gives the plain majority
}

// minTemperature keeps exp(1/temperature) and sums of it finite.
const minTemperature = .0015

// Validate returns an error that names the first setting out of its bounds by
// its key.
func (c KNNConfig) Validate() error {
	if c.K < 1 {
		return fmt.Errorf("eval.knn_k is %d, want at least 1", c.K)
	}
	if !(c.Temperature >= minTemperature) {
		return fmt.Errorf("eval.knn_temperature is %g, want at least %g", c.Temperature, minTemperature)
	}
	return nil
}

// KNNResult is the vote for every query.
type KNNResult struct {
	K           int     // neighbours that voted: KNNConfig.K, or the size of the bank
	Note        string  // says so where K is not the configured one
	Neighbours  [][]int // (Q, K) rows of the bank, nearest first; of equally near ones the lower row
	Scores      Matrix  // (Q, C) sums of weights, not normalised
	Predictions []int   // (Q) class of the largest score, the lower of equal ones
}

// queriesAtOnce bounds the product of queries and bank that is in memory.
const queriesAtOnce = 256

// KNN classifies queries (Q, D) by a bank (N, D) of labelled features
// (Wu et al., arXiv:1805.01978): score of class c = sum over the K most
// similar rows of class c of exp(cosine/temperature). Both sides are
// normalised here.
func KNN(bank Matrix, labels []int, queries Matrix, classes int, c KNNConfig) (*KNNResult, error) {
	if err := c.check(bank, labels, queries, classes); err != nil {
		return nil, err
	}
	r := &KNNResult{
		K: min(c.K, bank.Rows), Neighbours: make([][]int, queries.Rows),
		Scores: NewMatrix(queries.Rows, classes), Predictions: make([]int, queries.Rows),
	}
	if r.K < c.K {
		r.Note = fmt.Sprintf("k was %d, not %d: the bank holds no more clips", r.K, c.K)
	}
	bank, queries = bank.Normalized(), queries.Normalized()
	for from := 0; from < queries.Rows; from += queriesAtOnce {
		to := min(from+queriesAtOnce, queries.Rows)
		cosines := queries.part(from, to).TimesTransposed(bank)
		for q := from; q < to; q++ {
			row := cosines.Row(q - from)
			r.Neighbours[q] = largest(row, r.K)
			for _, n := range r.Neighbours[q] {
				r.Scores.Row(q)[labels[n]] += math.Exp(row[n] / c.Temperature)
			}
			r.Predictions[q] = argmax(r.Scores.Row(q))
		}
	}
	return r, nil
}

func (c KNNConfig) check(bank Matrix, labels []int, queries Matrix, classes int) error {
	for _, err := range []error{
		c.Validate(), bank.check("bank", false), queries.check("queries", false), checkLabels("bank", labels, bank.Rows, classes),
	} {
		if err != nil {
			return fmt.Errorf("eval: knn: %w", err)
		}
	}
	if bank.Cols != queries.Cols {
		return fmt.Errorf("eval: knn: bank has %d dimensions, queries %d: take both from one encoder", bank.Cols, queries.Cols)
	}
	return nil
}

// largest returns the places of the k largest values, largest first, the
// lower place first of equal ones.
func largest(xs []float64, k int) []int {
	top := make([]int, 0, k+1)
	for i, x := range xs {
		if len(top) == k && x <= xs[top[k-1]] {
			continue
		}
		at := sort.Search(len(top), func(j int) bool { return xs[top[j]] < x })
		top = append(top, 0)
		copy(top[at+1:], top[at:])
		top[at] = i
		top = top[:min(len(top), k)]
	}
	return top
}
