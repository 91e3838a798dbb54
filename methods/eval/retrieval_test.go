package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// plainRanks sorts every list, finds the mean place of all entries as similar
// as each right one, and takes the best.
func plainRanks(sims Matrix, p Pairing) (toVideo, toText []float64) {
	best := func(scores []float64, right []bool) float64 {
		sorted := slices.Clone(scores)
		slices.Sort(sorted)
		slices.Reverse(sorted)
		rank := math.Inf(1)
		for i := range scores {
			if !right[i] {
				continue
			}
			sum, n := 0., 0.
			for place, s := range sorted {
				if s == scores[i] {
					sum, n = sum+float64(place), n+1
				}
			}
			rank = min(rank, sum/n)
		}
		return rank
	}
	for q := range sims.Rows {
		if p.masked(q) {
			continue
		}
		right := make([]bool, sims.Cols)
		for v := range right {
			right[v] = p.Captions[q] == p.Videos[v]
		}
		toVideo = append(toVideo, best(sims.Row(q), right))
	}
	for v := range sims.Cols {
		var scores []float64
		var right []bool
		for q := range sims.Rows {
			if !p.masked(q) {
				scores, right = append(scores, sims.Row(q)[v]), append(right, p.Captions[q] == p.Videos[v])
			}
		}
		if slices.Contains(right, true) {
			toText = append(toText, best(scores, right))
		}
	}
	return toVideo, toText
}

func TestRanksAgainstPlain(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 9))
	for range 200 {
		videos := 1 + rng.IntN(8)
		owner := make([]int, 1+rng.IntN(20))
		mask := make([]bool, len(owner))
		for i := range owner {
			owner[i], mask[i] = rng.IntN(videos), rng.IntN(5) == 0
		}
		mask[0] = false
		p := ByOwner(owner, videos)
		p.Masked = mask
		// Few different values make many ties.
		sims := random(len(owner), videos, func() float64 { return float64(rng.IntN(4)) })
		wantVideo, wantText := plainRanks(sims, p)
		gotVideo, err := TextToVideo(sims, p)
		if err != nil {
			t.Fatal(err)
		}
		gotText, err := VideoToText(sims, p)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([][]float64{wantVideo, wantText}, [][]float64{gotVideo, gotText}); d != "" {
			t.Fatalf("%v %v: %s", owner, sims.Data, d)
		}
	}
}

// Right answers of one group are copies: two equal captions with equal
// similarity must not push each other off the first place.
func TestRanksOfGroups(t *testing.T) {
	p := ByGroup([]string{"red", "red", "blue"}, []string{"red", "blue", "red", "green"})
	sims := Matrix{3, 4, []float64{
		.9, .5, .9, .9, // two of three equal ones are right: (3-2)/(2+1)
		.1, .5, .9, .2, // the better of the two counts
		.1, .3, .5, .3, // second and third place: 1.5
	}}
	toVideo, err := TextToVideo(sims, p)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]float64{1. / 3, 0, 1.5}, toVideo); d != "" {
		t.Error(d)
	}
	copies := Matrix{3, 4, []float64{.9, .5, .4, 0, .9, .5, .4, 0, .1, .5, .6, 0}}
	toText, err := VideoToText(copies, p)
	if err != nil {
		t.Fatal(err)
	}
	// Nobody asks for green. For blue all three captions are equal, one right.
	if d := cmp.Diff([]float64{0, 1, 1}, toText); d != "" {
		t.Error(d)
	}
}

// The expectation over all orders of tied entries, by drawing orders.
func TestInterchangeableIsTheExpectedRank(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	right := []bool{true, false, true, false, false, true, false}
	got := Pairing{Interchangeable: true}.rank(make([]float64, 7), right)
	sum := 0.
	const draws = 200_000
	for range draws {
		for place, i := range rng.Perm(7) {
			if right[i] {
				sum += float64(place)
				break
			}
		}
	}
	if want := sum / draws; math.Abs(got-want) > .01 { // five standard errors
		t.Errorf("rank %g, drawn %g", got, want)
	}
}

func TestRetrievalErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		sims Matrix
		p    Pairing
		want string
	}{
		{"NaN", Matrix{1, 2, []float64{0, math.NaN()}}, ByOwner([]int{0}, 2), "eval: retrieval: similarities: row 0 holds NaN at column 1: the model that made it has diverged"},
		{"size", NewMatrix(1, 2), ByOwner([]int{0}, 3), "eval: retrieval: similarities (1, 2), but groups of 1 captions and 3 videos, and a mask of 0"},
		{"no right answer", NewMatrix(1, 1), ByGroup([]string{"a"}, []string{"b"}), "eval: retrieval: caption 0 belongs to group 0, of which there is no video: take captions and videos from one split"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := NewRetrievalReport("x", tc.sims, tc.p, nil); fmt.Sprint(err) != tc.want {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestSummarize(t *testing.T) {
	got := Summarize([]float64{0, .5, 4.5, 30})
	want := Recall{R1: .25, R5: .75, R10: .75, R50: 1, MedianRank: 3.5, MeanRank: 9.75}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Recall{}, Summarize(nil)); d != "" {
		t.Error(d)
	}
}

func TestNearestHits(t *testing.T) {
	train := Matrix{3, 2, []float64{1, 0, 2, 0, 0, 1}}
	test := Matrix{3, 2, []float64{5, 0, 5, 0, 1, 0}}
	// Of the two equally near rows the lower comes first; no row has class 9.
	hits, err := NearestHits(train, []int{0, 1, 2}, test, []int{0, 1, 9}, []int{1, 2, 100})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]int{1, 2, 2}, hits); d != "" {
		t.Error(d)
	}
	if _, err := NearestHits(train, []int{0, 1, 2}, NewMatrix(1, 3), []int{0}, nil); fmt.Sprint(err) != "eval: nearest hits: training features have 2 dimensions, test features 3: take both from one encoder" {
		t.Error(err)
	}
	if _, err := MeanClips(train, 2); fmt.Sprint(err) != "eval: mean of clips: 3 rows are not a multiple of 2 clips" {
		t.Error(err)
	}
}
