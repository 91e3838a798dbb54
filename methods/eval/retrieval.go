package eval

import (
	"fmt"
	"math"
	"slices"
)

// Pairing says which videos answer a caption and which captions a video: those
// of the same group.
type Pairing struct {
	Captions []int  // (Q) group of each caption, the rows of a similarity matrix
	Videos   []int  // (V) group of each video, its columns
	Masked   []bool // (Q) captions that are not there; nil for none
	// Interchangeable says that right answers of one group are copies of one
	// another, so that equal similarities among them are no ties: the rank
	// is then the expected one of the first of them. Otherwise the rank of
	// each right answer is averaged over its ties, and the best one counts.
	Interchangeable bool
}

// Contiguous pairs video v with its captions v·perVideo … (v+1)·perVideo-1, as
// the benchmarks and the golden folder retrieval-metrics lay them out; commands
// read groups from the manifest, see ByGroup.
func Contiguous(videos, perVideo int) Pairing {
	owner := make([]int, videos*perVideo)
	for i := range owner {
		owner[i] = i / perVideo
	}
	return ByOwner(owner, videos)
}

// ByOwner pairs caption i with video owner[i], in [0, videos).
func ByOwner(owner []int, videos int) Pairing {
	p := Pairing{Captions: owner, Videos: make([]int, videos)}
	for v := range p.Videos {
		p.Videos[v] = v
	}
	return p
}

// ByGroup pairs captions with all videos of the same name of group, for sets
// in which several videos fit a caption equally well.
func ByGroup(captions, videos []string) Pairing {
	number := map[string]int{}
	numbers := func(names []string) []int {
		out := make([]int, len(names))
		for i, s := range names {
			if _, ok := number[s]; !ok {
				number[s] = len(number)
			}
			out[i] = number[s]
		}
		return out
	}
	return Pairing{Captions: numbers(captions), Videos: numbers(videos), Interchangeable: true}
}

// check refuses what would give a rank without meaning. A matrix of NaN would
// score a recall of 1 where "not less" is asked.
func (p Pairing) check(sims Matrix) error {
	if err := sims.check("similarities", true); err != nil {
		return fmt.Errorf("eval: retrieval: %w", err)
	}
	if len(p.Captions) != sims.Rows || len(p.Videos) != sims.Cols || p.Masked != nil && len(p.Masked) != sims.Rows {
		return fmt.Errorf("eval: retrieval: similarities (%d, %d), but groups of %d captions and %d videos, and a mask of %d",
			sims.Rows, sims.Cols, len(p.Captions), len(p.Videos), len(p.Masked))
	}
	for q, g := range p.Captions {
		if !p.masked(q) && !slices.Contains(p.Videos, g) {
			return fmt.Errorf("eval: retrieval: caption %d belongs to group %d, of which there is no video: take captions and videos from one split", q, g)
		}
	}
	return nil
}

func (p Pairing) masked(caption int) bool { return p.Masked != nil && p.Masked[caption] }

// TextToVideo returns the 0-based rank of the best right video for every
// caption that is not masked, in order. sims (Q, V) is larger for what is
// more alike.
func TextToVideo(sims Matrix, p Pairing) ([]float64, error) {
	if err := p.check(sims); err != nil {
		return nil, err
	}
	var ranks []float64
	right := make([]bool, sims.Cols)
	for q := range sims.Rows {
		if p.masked(q) {
			continue
		}
		for v, g := range p.Videos {
			right[v] = g == p.Captions[q]
		}
		ranks = append(ranks, p.rank(sims.Row(q), right))
	}
	return ranks, nil
}

// VideoToText returns the 0-based rank of the best right caption for every
// video, in order, among the captions that are not masked. Other right
// captions stay in the list. A video without a caption is no query.
func VideoToText(sims Matrix, p Pairing) ([]float64, error) {
	if err := p.check(sims); err != nil {
		return nil, err
	}
	var ranks []float64
	for v, g := range p.Videos {
		var column []float64
		var right []bool
		for q := range sims.Rows {
			if !p.masked(q) {
				column, right = append(column, sims.Row(q)[v]), append(right, p.Captions[q] == g)
			}
		}
		if slices.Contains(right, true) {
			ranks = append(ranks, p.rank(column, right))
		}
	}
	return ranks, nil
}

// rank returns the 0-based place of the best right one of scores. Ties are
// averaged, never broken in favour of the model: one that gives everything
// the same score ranks in the middle.
func (p Pairing) rank(scores []float64, right []bool) float64 {
	best := math.Inf(-1)
	for i, s := range scores {
		if right[i] {
			best = max(best, s)
		}
	}
	greater, equal, copies := 0, 0, 0
	for i, s := range scores {
		switch {
		case s > best:
			greater++
		case s == best:
			equal++
			if right[i] {
				copies++
			}
		}
	}
	if !p.Interchangeable {
		copies = 1
	}
	// The first of c places drawn at random from e has expectation (e-c)/(c+1);
	// with c = 1 that is the mean place.
	return float64(greater) + float64(equal-copies)/float64(copies+1)
}

// Recall summarises the ranks of one direction.
type Recall struct {
	R1         float64 `json:"r1"` // share of queries with a right answer, and no other, first
	R5         float64 `json:"r5"`
	R10        float64 `json:"r10"`
	R50        float64 `json:"r50"`
	MedianRank float64 `json:"median_rank"` // from 1; the mean of the middle two
	MeanRank   float64 `json:"mean_rank"`   // from 1
}

// Summarize takes 0-based ranks, which ties may make fractions. R@1 asks for
// rank 0 exactly, so that a tie for the first place is no hit; R@k for a rank
// below k.
func Summarize(ranks []float64) Recall {
	if len(ranks) == 0 {
		return Recall{}
	}
	share := func(hit func(rank float64) bool) float64 {
		n := 0
		for _, r := range ranks {
			if hit(r) {
				n++
			}
		}
		return float64(n) / float64(len(ranks))
	}
	mean, _ := MeanStd(ranks)
	sorted := slices.Sorted(slices.Values(ranks))
	n := len(sorted)
	return Recall{
		R1:         share(func(r float64) bool { return r == 0 }),
		R5:         share(func(r float64) bool { return r < 5 }),
		R10:        share(func(r float64) bool { return r < 10 }),
		R50:        share(func(r float64) bool { return r < 50 }),
		MedianRank: (sorted[(n-1)/2]+sorted[n/2])/2 + 1, MeanRank: mean + 1,
	}
}
