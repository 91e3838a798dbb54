package eval

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

// plainKNN sorts the whole bank for one query.
func plainKNN(bank Matrix, labels []int, query []float64, classes, k int, temperature float64) (neighbours []int, scores []float64) {
	cosine := func(a, b []float64) float64 {
		ab, aa, bb := 0., 0., 0.
		for i := range a {
			ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
		}
		return ab / math.Sqrt(aa*bb)
	}
	for i := range bank.Rows {
		neighbours = append(neighbours, i)
	}
	slices.SortStableFunc(neighbours, func(a, b int) int {
		return cmp.Compare(cosine(bank.Row(b), query), cosine(bank.Row(a), query))
	})
	neighbours = neighbours[:min(k, len(neighbours))]
	scores = make([]float64, classes)
	for _, n := range neighbours {
		scores[labels[n]] += math.Exp(cosine(bank.Row(n), query) / temperature)
	}
	return neighbours, scores
}

func TestKNNAgainstPlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, size := range []struct{ n, q, d, k int }{{1, 1, 1, 1}, {50, 300, 7, 9}, {300, 20, 33, 200}} {
		bank, queries := random(size.n, size.d, rng.NormFloat64), random(size.q, size.d, rng.NormFloat64)
		labels := make([]int, size.n)
		for i := range labels {
			labels[i] = rng.IntN(6)
		}
		r, err := KNN(bank, labels, queries, 6, KNNConfig{size.k, .07})
		if err != nil {
			t.Fatal(err)
		}
		for q := range size.q {
			neighbours, scores := plainKNN(bank, labels, queries.Row(q), 6, size.k, .07)
			if d := diff.Diff(neighbours, r.Neighbours[q]); d != "" && size.d > 1 {
				t.Fatalf("%+v query %d: %s", size, q, d)
			}
			for c, want := range scores {
				// exp(1/T) multiplies the rounding of a cosine by 14.
				if !approx(r.Scores.Row(q)[c], want, 1e-12) {
					t.Fatalf("%+v query %d class %d: %g, want %g", size, q, c, r.Scores.Row(q)[c], want)
				}
			}
		}
	}
}

func TestKNNTiesAndClamp(t *testing.T) {
	same := Matrix{4, 2, []float64{1, 0, 2, 0, 1, 0, 0, 1}} // the first three point one way
	r, err := KNN(same, []int{2, 1, 1, 0}, Matrix{1, 2, []float64{3, 0}}, 3, KNNConfig{2, math.Inf(1)})
	if err != nil {
		t.Fatal(err)
	}
	if d := diff.Diff([]int{0, 1}, r.Neighbours[0]); d != "" || r.Note != "" {
		t.Error(d, r.Note)
	}
	if r.Predictions[0] != 1 { // one vote each for 1 and 2
		t.Errorf("predicted %d, want the lower of two equal classes", r.Predictions[0])
	}
	r, err = KNN(same, []int{2, 1, 1, 0}, Matrix{1, 2, []float64{3, 0}}, 3, KNNConfig{200, .07})
	if err != nil || r.K != 4 || r.Note != "k was 4, not 200: the bank holds no more clips" {
		t.Errorf("k %d, note %q, error %v", r.K, r.Note, err)
	}
}

func TestKNNErrors(t *testing.T) {
	ok, nan := Matrix{2, 1, []float64{1, 2}}, Matrix{2, 1, []float64{1, math.NaN()}}
	for _, tc := range []struct {
		name          string
		bank, queries Matrix
		labels        []int
		c             KNNConfig
		want          string
	}{
		{"k", ok, ok, []int{0, 1}, KNNConfig{0, 1}, "eval: knn: eval.knn_k is 0, want at least 1"},
		{"temperature", ok, ok, []int{0, 1}, KNNConfig{1, math.NaN()}, "eval: knn: eval.knn_temperature is NaN, want at least 0.0015"},
		{"label", ok, ok, []int{0, 2}, KNNConfig{1, 1}, "eval: knn: bank: label 2 of row 1 is outside [0, 2): evaluate on labelled videos of these classes"},
		{"labels", ok, ok, []int{0}, KNNConfig{1, 1}, "eval: knn: bank: 1 labels for 2 rows"},
		{"NaN", ok, nan, []int{0, 1}, KNNConfig{1, 1}, "eval: knn: queries: row 1 holds NaN at column 0: the model that made it has diverged"},
		{"empty", Matrix{}, ok, nil, KNNConfig{1, 1}, "eval: knn: bank: 0 values for 0 rows of 0, want at least one row and column"},
		{"width", ok, Matrix{1, 2, []float64{1, 2}}, []int{0, 1}, KNNConfig{1, 1}, "eval: knn: bank has 1 dimensions, queries 2: take both from one encoder"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := KNN(tc.bank, tc.labels, tc.queries, 2, tc.c); fmt.Sprint(err) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
