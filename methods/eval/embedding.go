package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Embedding tells how a batch of embeddings is spread over the sphere. A
// representation that collapses shows in the first two.
type Embedding struct {
	Spread        float64 `json:"spread"`         // sqrt(D) × mean deviation of a dimension: about 1 when spread evenly, 0 when collapsed
	EffectiveRank float64 `json:"effective_rank"` // dimensions in use, in [1, D]; 0 when all rows are equal
	Alignment     float64 `json:"alignment"`      // mean squared distance of positives, in [0, 4]
	Uniformity    float64 `json:"uniformity"`     // of all rows, in [-8, 0], lower is more even
}

// Watch measures z (2N, D), rows 0..N-1 the first views and N..2N-1 their
// positives. Rows are normalised here.
func Watch(z []float32, rows, dim int) (Embedding, error) {
	m, err := FromFloat32(rows, dim, z)
	if err == nil {
		err = m.check("embeddings", false)
	}
	if err == nil && rows%2 != 0 {
		err = fmt.Errorf("%d rows, want two views of every clip", rows)
	}
	if err != nil {
		return Embedding{}, fmt.Errorf("eval: watch: %w", err)
	}
	m = m.Normalized()
	return Embedding{
		Spread: Spread(m), EffectiveRank: EffectiveRank(m), Uniformity: Uniformity(m),
		Alignment: Alignment(m.part(0, rows/2), m.part(rows/2, rows)),
	}, nil
}

// Spread returns sqrt(D) times the mean over dimensions of the standard
// deviation (of the sample, divided by N-1) of z (N, D), whose rows have
// length 1; 0 for one row.
func Spread(z Matrix) float64 {
	if z.Rows < 2 {
		return 0
	}
	x := centred(z)
	squares := make([]float64, x.Cols)
	for i := range x.Rows {
		for j, v := range x.Row(i) {
			squares[j] += v * v
		}
	}
	sum := 0.
	for _, s := range squares {
		sum += math.Sqrt(s / float64(x.Rows-1))
	}
	return sum / math.Sqrt(float64(x.Cols))
}

// EffectiveRank returns the exponential of the entropy of the singular
// values, divided by their sum, of the centred z (N, D) (Roy and Vetterli,
// EUSIPCO 2007). The values are roots of the eigenvalues of the smaller Gram
// matrix: much faster than a decomposition of z, and what is lost, values
// under 1e-8 of the largest, weighs nothing in the entropy.
func EffectiveRank(z Matrix) float64 {
	x := centred(z)
	n := min(x.Rows, x.Cols)
	trans := blas.NoTrans // x·xᵀ
	if n == x.Cols {
		trans = blas.Trans // xᵀ·x
	}
	gram := mat.NewSymDense(n, nil)
	blas64.Syrk(trans, 1, x.general(), 0, gram.RawSymmetric())
	var eigen mat.EigenSym
	if !eigen.Factorize(gram, false) {
		return 0
	}
	values, sum := eigen.Values(nil), 0.
	largest := values[n-1]
	for i, v := range values {
		values[i] = 0
		if v > 1e-15*largest { // the rest is rounding
			values[i] = math.Sqrt(v)
		}
		sum += values[i]
	}
	// Rows that are equal but for the rounding of their mean have no rank.
	if !(sum > 1e-12*math.Sqrt(float64(x.Rows))) {
		return 0
	}
	entropy := 0.
	for _, v := range values {
		if p := v / sum; p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	return math.Exp(entropy)
}

// Alignment returns the mean squared distance of the rows of a (N, D) from
// those of b, their positives.
func Alignment(a, b Matrix) float64 {
	sum := 0.
	for i, x := range a.Data {
		sum += (x - b.Data[i]) * (x - b.Data[i])
	}
	return sum / float64(a.Rows)
}

// Uniformity returns log of the mean over all pairs of different rows of
// exp(-2|zi-zj|²) (Wang and Isola, arXiv:2005.10242), for rows of length 1;
// 0 for one row.
func Uniformity(z Matrix) float64 {
	if z.Rows < 2 {
		return 0
	}
	cosines := z.TimesTransposed(z)
	sum := 0.
	for i := range z.Rows {
		for _, c := range cosines.Row(i)[i+1:] {
			sum += math.Exp(4*c - 4) // |zi-zj|² = 2-2c
		}
	}
	return math.Log(sum / float64(z.Rows*(z.Rows-1)/2))
}

// centred returns z less the mean of its rows.
func centred(z Matrix) Matrix {
	mean := make([]float64, z.Cols)
	for i := range z.Rows {
		for j, x := range z.Row(i) {
			mean[j] += x / float64(z.Rows)
		}
	}
	out := NewMatrix(z.Rows, z.Cols)
	for i := range z.Rows {
		for j, x := range z.Row(i) {
			out.Row(i)[j] = x - mean[j]
		}
	}
	return out
}
