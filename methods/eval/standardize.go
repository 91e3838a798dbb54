package eval

import "math"

// Scaler maps features to mean 0 and standard deviation 1, by the statistics
// of the features that it was made from: those of the labelled clips.
type Scaler struct {
	Mean, Std []float64 // (D); Std is 1 where the feature is constant
}

// NewScaler takes the statistics of features (N, D), N at least 1. The
// deviation is that of the population (divided by N).
func NewScaler(features Matrix) Scaler {
	s := Scaler{make([]float64, features.Cols), make([]float64, features.Cols)}
	for i := range features.Rows {
		for j, x := range features.Row(i) {
			s.Mean[j] += x / float64(features.Rows)
		}
	}
	for i := range features.Rows {
		for j, x := range features.Row(i) {
			s.Std[j] += (x - s.Mean[j]) * (x - s.Mean[j])
		}
	}
	for j, sum := range s.Std {
		s.Std[j] = math.Sqrt(sum / float64(features.Rows))
		// A constant feature deviates by the rounding of its mean alone;
		// dividing by that would make it noise as loud as the others.
		if s.Std[j] <= 1e-10*math.Abs(s.Mean[j]) {
			s.Std[j] = 1
		}
	}
	return s
}

// Apply returns the standardised copy of features (N, D), of the scaler's D.
func (s Scaler) Apply(features Matrix) Matrix {
	out := NewMatrix(features.Rows, features.Cols)
	for i := range features.Rows {
		for j, x := range features.Row(i) {
			out.Row(i)[j] = (x - s.Mean[j]) / s.Std[j]
		}
	}
	return out
}
