package eval

import (
	"fmt"
	"math"
)

// TopK returns the share of rows of scores (N, C) whose label (N) is among
// the k largest scores; k beyond C counts as C. Of equal scores the lower
// class is taken first, whatever the label.
func TopK(scores Matrix, labels []int, k int) (float64, error) {
	if err := checkScores(scores, labels); err != nil {
		return 0, err
	}
	if k < 1 {
		return 0, fmt.Errorf("eval: top-k: k is %d, want at least 1", k)
	}
	return topK(scores, labels, k), nil
}

func topK(scores Matrix, labels []int, k int) float64 {
	hits := 0
	for i, label := range labels {
		if place(scores.Row(i), label) < k {
			hits++
		}
	}
	return float64(hits) / float64(len(labels))
}

// place returns how many entries come before the one at i when sorted:
// larger ones, and equal ones on its left.
func place(xs []float64, i int) int {
	before := 0
	for j, x := range xs {
		if x > xs[i] || x == xs[i] && j < i {
			before++
		}
	}
	return before
}

func checkScores(scores Matrix, labels []int) error {
	if err := scores.check("scores", true); err != nil {
		return fmt.Errorf("eval: %w", err)
	}
	if err := checkLabels("scores", labels, scores.Rows, scores.Cols); err != nil {
		return fmt.Errorf("eval: %w", err)
	}
	return nil
}

// Predictions returns the class of the largest score of every row, the lower
// of equal ones.
func Predictions(scores Matrix) []int {
	out := make([]int, scores.Rows)
	for i := range out {
		out[i] = argmax(scores.Row(i))
	}
	return out
}

// Confusion counts videos by class: (C, C), [true][predicted].
func Confusion(predictions, labels []int, classes int) ([][]int, error) {
	for _, err := range []error{
		checkLabels("predictions", predictions, len(labels), classes), checkLabels("labels", labels, len(labels), classes),
	} {
		if err != nil {
			return nil, fmt.Errorf("eval: confusion: %w", err)
		}
	}
	counts := make([][]int, classes)
	for i := range counts {
		counts[i] = make([]int, classes)
	}
	for i, label := range labels {
		counts[label][predictions[i]]++
	}
	return counts, nil
}

// PerClass returns the accuracy and the number of videos of every class of a
// confusion matrix; the accuracy of a class without videos is 0.
func PerClass(confusion [][]int) (accuracy []float64, count []int) {
	accuracy, count = make([]float64, len(confusion)), make([]int, len(confusion))
	for c, row := range confusion {
		for _, n := range row {
			count[c] += n
		}
		if count[c] > 0 {
			accuracy[c] = float64(row[c]) / float64(count[c])
		}
	}
	return accuracy, count
}

// MeanPerClass returns the mean accuracy over the classes that have videos,
// each with the same weight; 0 where none has.
func MeanPerClass(confusion [][]int) float64 {
	accuracy, count := PerClass(confusion)
	sum, present := 0., 0
	for c, a := range accuracy {
		if count[c] > 0 {
			sum, present = sum+a, present+1
		}
	}
	return sum / float64(max(present, 1))
}

// MeanStd returns the mean and the standard deviation of the sample (divided
// by n-1); the deviation of fewer than two values is 0.
func MeanStd(xs []float64) (mean, std float64) {
	for _, x := range xs {
		mean += x / float64(len(xs))
	}
	if len(xs) < 2 {
		return mean, 0
	}
	for _, x := range xs {
		std += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(std / float64(len(xs)-1))
}
