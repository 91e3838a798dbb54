package eval

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// softmaxRegression is the cross-entropy of a linear classifier on fixed
// features, shared by the two ways of fitting it.
type softmaxRegression struct {
	x      Matrix // (N, D)
	labels []int  // (N)
	probs  Matrix // (N, C) of the last call of evaluate
}

func newSoftmaxRegression(x Matrix, labels []int, classes int) *softmaxRegression {
	return &softmaxRegression{x, labels, NewMatrix(x.Rows, classes)}
}

// evaluate fills probs for weight (C, D) and bias (C) and returns the mean
// cross-entropy.
func (s *softmaxRegression) evaluate(weight Matrix, bias []float64) float64 {
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, s.x.general(), weight.general(), 0, s.probs.general())
	loss := 0.
	for i, label := range s.labels {
		row := s.probs.Row(i)
		for c, b := range bias {
			row[c] += b
		}
		logit := row[label]
		loss += softmax(row) - logit
	}
	return loss / float64(len(s.labels))
}

// gradient writes the derivatives of the mean cross-entropy at the point of
// the last evaluate. It uses up probs.
func (s *softmaxRegression) gradient(dWeight Matrix, dBias []float64) {
	clear(dBias)
	for i, label := range s.labels {
		row := s.probs.Row(i)
		row[label]--
		for c, p := range row {
			dBias[c] += p / float64(len(s.labels))
		}
	}
	blas64.Gemm(blas.Trans, blas.NoTrans, 1/float64(len(s.labels)), s.probs.general(), s.x.general(), 0, dWeight.general())
}

// softmax turns logits into probabilities in place and returns the logarithm
// of the sum of their exponentials.
func softmax(row []float64) float64 {
	largest, sum := row[argmax(row)], 0.
	for c, x := range row {
		row[c] = math.Exp(x - largest)
		sum += row[c]
	}
	for c := range row {
		row[c] /= sum
	}
	return largest + math.Log(sum)
}
