package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTopK(t *testing.T) {
	scores := Matrix{4, 3, []float64{
		.1, .7, .2,
		.4, .4, .2, // a tie goes to the lower class
		0, 0, 0,
		.1, math.Inf(-1), .2,
	}}
	labels := []int{1, 1, 2, 0}
	for k, want := range map[int]float64{1: .25, 2: .75, 3: 1, 5: 1} {
		if got, err := TopK(scores, labels, k); err != nil || got != want {
			t.Errorf("top-%d is %g, want %g, error %v", k, got, want, err)
		}
	}
	if d := cmp.Diff([]int{1, 0, 0, 2}, Predictions(scores)); d != "" {
		t.Error(d)
	}
	for _, tc := range []struct {
		scores Matrix
		labels []int
		k      int
		want   string
	}{
		{scores, labels, 0, "eval: top-k: k is 0, want at least 1"},
		{scores, []int{0, 0, 0, 3}, 1, "eval: scores: label 3 of row 3 is outside [0, 3): evaluate on labelled videos of these classes"},
		{Matrix{1, 1, []float64{math.NaN()}}, []int{0}, 1, "eval: scores: row 0 holds NaN at column 0: the model that made it has diverged"},
	} {
		if _, err := TopK(tc.scores, tc.labels, tc.k); fmt.Sprint(err) != tc.want {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
}

func TestConfusion(t *testing.T) {
	got, err := Confusion([]int{0, 1, 1, 0, 2}, []int{0, 0, 1, 0, 1}, 4)
	if err != nil {
		t.Fatal(err)
	}
	want := [][]int{{2, 1, 0, 0}, {0, 1, 1, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	accuracy, count := PerClass(got)
	if d := cmp.Diff([]float64{2. / 3, .5, 0, 0}, accuracy); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int{3, 2, 0, 0}, count); d != "" {
		t.Error(d)
	}
	// Classes without videos weigh nothing.
	if m := MeanPerClass(got); !approx(m, 7./12, 1e-15) {
		t.Errorf("mean per class %g", m)
	}
	if MeanPerClass(nil) != 0 {
		t.Error("mean of no classes")
	}
	if _, err := Confusion([]int{4}, []int{0}, 4); err == nil {
		t.Error("took a prediction outside the classes")
	}
}

func TestMeanStd(t *testing.T) {
	if m, s := MeanStd([]float64{1, 2, 4}); !approx(m, 7./3, 1e-15) || !approx(s, math.Sqrt(7./3), 1e-15) {
		t.Errorf("%g ± %g", m, s)
	}
	if m, s := MeanStd([]float64{3}); m != 3 || s != 0 {
		t.Errorf("%g ± %g", m, s)
	}
}

func TestDraw(t *testing.T) {
	labels := []int{5, 2, 5, 2, 2, 5, 7, 7}
	draw := func(seed uint64) []int {
		got, err := Draw(labels, 2, rand.New(rand.NewPCG(seed, 0)))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	drawn := map[int]int{}
	for seed := range uint64(300) {
		got := draw(seed)
		if !slices.Equal(got, draw(seed)) || !slices.IsSorted(got) {
			t.Fatalf("seed %d: %v", seed, got)
		}
		counts := map[int]int{}
		for _, i := range got {
			counts[labels[i]]++
			drawn[i]++
		}
		if d := cmp.Diff(map[int]int{5: 2, 2: 2, 7: 2}, counts); d != "" || len(slices.Compact(got)) != 6 {
			t.Fatalf("seed %d: %v", seed, got)
		}
	}
	for i, c := range labels {
		want := 200.
		if c == 7 {
			want = 300
		}
		if math.Abs(float64(drawn[i])-want) > 41 { // five deviations of a binomial
			t.Errorf("clip %d was drawn %d times, want about %g", i, drawn[i], want)
		}
	}
}

func TestDrawErrors(t *testing.T) {
	for _, tc := range []struct {
		labels []int
		n      int
		want   string
	}{
		{[]int{0, 1, 0}, 2, "eval: draw labels: class number 1 has 1 labelled videos, want at least 2: lower --labels-per-class"},
		{[]int{0}, 0, "eval: draw labels: 0 labels for each class, want at least 1"},
		{nil, 1, "eval: draw labels: no labelled videos: check --data and --split"},
	} {
		if _, err := Draw(tc.labels, tc.n, rand.New(rand.NewPCG(1, 1))); fmt.Sprint(err) != tc.want {
			t.Errorf("got %v, want %s", err, tc.want)
		}
	}
}
