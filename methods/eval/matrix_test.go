package eval

import "math"

// random fills a matrix from a fixed sequence.
func random(rows, cols int, next func() float64) Matrix {
	m := NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = next()
	}
	return m
}

func approx(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*max(1, math.Abs(b))
}
