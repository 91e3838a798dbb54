package eval

import (
	"fmt"
	"math"
)

// MeanClips averages the clips of every video: features (N·clips, D), the
// clips of a video one after the other, to (N, D). They are not normalised
// before (Xu et al., CVPR 2019). It is the first step of that paper's protocol
// of video retrieval, which the golden folder video-retrieval proves; clvid's
// own commands average clips while they extract features.
func MeanClips(features Matrix, clips int) (Matrix, error) {
	if clips < 1 || features.Rows%clips != 0 {
		return Matrix{}, fmt.Errorf("eval: mean of clips: %d rows are not a multiple of %d clips", features.Rows, clips)
	}
	out := NewMatrix(features.Rows/clips, features.Cols)
	for i := range features.Rows {
		row := out.Row(i / clips)
		for j, x := range features.Row(i) {
			row[j] += x / float64(clips)
		}
	}
	return out, nil
}

// NearestHits counts, for every k, the test videos (M, D) that have a video
// of their class among the k nearest training videos (N, D) by cosine; of
// equally near ones the lower row comes first. It is neither a vote nor a
// precision. Of k beyond N, all N are taken. It is the top-k count of the same
// protocol and golden folder as MeanClips.
func NearestHits(train Matrix, trainLabels []int, test Matrix, testLabels []int, ks []int) ([]int, error) {
	ranks, err := sameClassRanks(train, trainLabels, test, testLabels)
	if err != nil {
		return nil, fmt.Errorf("eval: nearest hits: %w", err)
	}
	hits := make([]int, len(ks))
	for i, k := range ks {
		for _, r := range ranks {
			if r < k {
				hits[i]++
			}
		}
	}
	return hits, nil
}

// sameClassRanks returns the 0-based place of the nearest training video of
// the class of each test video, or a place past all k where there is none.
func sameClassRanks(train Matrix, trainLabels []int, test Matrix, testLabels []int) ([]int, error) {
	for _, err := range []error{
		train.check("train", false), test.check("test", false),
		checkLabels("train", trainLabels, train.Rows, math.MaxInt), checkLabels("test", testLabels, test.Rows, math.MaxInt),
	} {
		if err != nil {
			return nil, err
		}
	}
	if train.Cols != test.Cols {
		return nil, fmt.Errorf("training features have %d dimensions, test features %d: take both from one encoder", train.Cols, test.Cols)
	}
	train, test = train.Normalized(), test.Normalized()
	ranks := make([]int, test.Rows)
	for from := 0; from < test.Rows; from += queriesAtOnce {
		to := min(from+queriesAtOnce, test.Rows)
		cosines := test.part(from, to).TimesTransposed(train)
		for q := from; q < to; q++ {
			ranks[q] = firstOfClass(cosines.Row(q-from), trainLabels, testLabels[q])
		}
	}
	return ranks, nil
}

func firstOfClass(cosines []float64, labels []int, class int) int {
	best := -1
	for i, x := range cosines {
		if labels[i] == class && (best < 0 || x > cosines[best]) {
			best = i
		}
	}
	if best < 0 {
		return math.MaxInt
	}
	return place(cosines, best)
}
