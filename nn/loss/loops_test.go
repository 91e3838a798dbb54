package loss

import "math"

// The references here are loops over rows as the papers write them, on
// row-major data; they share no code with the package.

// unit returns the rows of x (n,d) with length 1.
func unit(x []float64, d int) []float64 {
	out := make([]float64, len(x))
	for i := 0; i < len(x); i += d {
		sum := 0.
		for _, v := range x[i : i+d] {
			sum += v * v
		}
		for j, v := range x[i : i+d] {
			out[i+j] = v / math.Max(math.Sqrt(sum), 1e-12)
		}
	}
	return out
}

// dot is the product of row i of a and row j of b.
func dot(a []float64, i int, b []float64, j, d int) float64 {
	sum := 0.
	for k := range d {
		sum += a[i*d+k] * b[j*d+k]
	}
	return sum
}

// surprise is -log of the share that exp(positive) has among exp of all.
func surprise(positive float64, all []float64) float64 {
	sum := 0.
	for _, v := range all {
		sum += math.Exp(v - positive)
	}
	return math.Log(sum)
}
