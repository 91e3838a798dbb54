package eval

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// Matrix is dense and row-major: features (N, D), scores (N, C) or
// similarities (Q, V).
type Matrix struct {
	Rows, Cols int
	Data       []float64
}

// NewMatrix returns rows×cols zeros.
func NewMatrix(rows, cols int) Matrix {
	return Matrix{rows, cols, make([]float64, rows*cols)}
}

// FromFloat32 copies rows×cols values.
func FromFloat32(rows, cols int, data []float32) (Matrix, error) {
	if rows < 0 || cols < 0 || len(data) != rows*cols {
		return Matrix{}, fmt.Errorf("eval: matrix: %d values, want %d rows of %d", len(data), rows, cols)
	}
	m := NewMatrix(rows, cols)
	for i, x := range data {
		m.Data[i] = float64(x)
	}
	return m, nil
}

// Row returns row i, not a copy.
func (m Matrix) Row(i int) []float64 { return m.Data[i*m.Cols : (i+1)*m.Cols] }

// Select returns a copy of the given rows, in that order.
func (m Matrix) Select(rows []int) Matrix {
	out := NewMatrix(len(rows), m.Cols)
	for i, r := range rows {
		copy(out.Row(i), m.Row(r))
	}
	return out
}

// Normalized returns a copy whose rows have length 1. A row of zeros stays.
func (m Matrix) Normalized() Matrix {
	out := NewMatrix(m.Rows, m.Cols)
	for i := range m.Rows {
		norm := max(blas64.Nrm2(blas64.Vector{N: m.Cols, Data: m.Row(i), Inc: 1}), 1e-12)
		for j, x := range m.Row(i) {
			out.Row(i)[j] = x / norm
		}
	}
	return out
}

// TimesTransposed returns m·bᵀ, the dot products of all rows of m (Q, D) with
// all of b (V, D), as (Q, V).
func (m Matrix) TimesTransposed(b Matrix) Matrix {
	out := NewMatrix(m.Rows, b.Rows)
	if len(out.Data) > 0 && m.Cols > 0 {
		blas64.Gemm(blas.NoTrans, blas.Trans, 1, m.general(), b.general(), 0, out.general())
	}
	return out
}

func (m Matrix) general() blas64.General {
	return blas64.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Cols, Data: m.Data}
}

// part returns rows [from, to), not a copy.
func (m Matrix) part(from, to int) Matrix {
	return Matrix{to - from, m.Cols, m.Data[from*m.Cols : to*m.Cols]}
}

// check returns an error for an empty matrix, one of the wrong size and one
// with a value that is not a number or, unless infinite is allowed, infinite.
func (m Matrix) check(name string, infinite bool) error {
	if m.Rows < 1 || m.Cols < 1 || len(m.Data) != m.Rows*m.Cols {
		return fmt.Errorf("%s: %d values for %d rows of %d, want at least one row and column", name, len(m.Data), m.Rows, m.Cols)
	}
	for i, x := range m.Data {
		if math.IsNaN(x) || !infinite && math.IsInf(x, 0) {
			return fmt.Errorf("%s: row %d holds %g at column %d: the model that made it has diverged", name, i/m.Cols, x, i%m.Cols)
		}
	}
	return nil
}

// checkLabels returns an error unless labels has one class in [0, classes)
// for each of rows.
func checkLabels(name string, labels []int, rows, classes int) error {
	if len(labels) != rows {
		return fmt.Errorf("%s: %d labels for %d rows", name, len(labels), rows)
	}
	for i, c := range labels {
		if c < 0 || c >= classes {
			return fmt.Errorf("%s: label %d of row %d is outside [0, %d): evaluate on labelled videos of these classes", name, c, i, classes)
		}
	}
	return nil
}

// argmax returns the place of the largest value, the first of equal ones.
func argmax(xs []float64) int {
	best := 0
	for i, x := range xs {
		if x > xs[best] {
			best = i
		}
	}
	return best
}
