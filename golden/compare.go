package golden

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Values are named results.
type Values map[string]Tensor

// Numbers makes a tensor; without a shape it is a scalar.
func Numbers[T float32 | float64 | int | int32 | int64](data []T, shape ...int) Tensor {
	t := Tensor{Shape: shape, Data: make([]float64, len(data))}
	for i, v := range data {
		t.Data[i] = float64(v)
	}
	return t
}

// Scalar makes a scalar tensor.
func Scalar(v float64) Tensor { return Tensor{Data: []float64{v}} }

// CompareAll returns one error for each expected value that is missing or off,
// sorted by name. tolerance is asked for each name.
func CompareAll(got, want Values, tolerance func(name string) float64) []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(want)) {
		g, ok := got[name]
		if !ok {
			errs = append(errs, fmt.Errorf("%s is expected and was not produced", name))
			continue
		}
		if err := Compare(g, want[name], tolerance(name)); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errs
}

// smallest keeps the bound of tensors of zeros above the rounding of float64.
const smallest = 1e-6

// Compare applies the rule of the vectors: no entry is further from its
// expected value than tolerance times the largest expected entry. Strings are
// compared exactly. What is not a finite number is never near.
func Compare(got, want Tensor, tolerance float64) error {
	if want.Strings != nil {
		if !slices.Equal(got.Strings, want.Strings) {
			return fmt.Errorf("got %q, want %q", got.Strings, want.Strings)
		}
		return nil
	}
	if want.Rows != nil {
		return fmt.Errorf("records are expected, which no operation here yields")
	}
	if !slices.Equal(got.Shape, want.Shape) || len(got.Data) != len(want.Data) {
		return fmt.Errorf("shape %v with %d numbers, want %v with %d", got.Shape, len(got.Data), want.Shape, len(want.Data))
	}
	largest := smallest
	for _, w := range want.Data {
		largest = math.Max(largest, math.Abs(w))
	}
	worst, at := 0., -1
	for i, w := range want.Data {
		d := math.Abs(got.Data[i] - w)
		if math.IsNaN(d) {
			d = math.Inf(1)
		}
		if d > worst {
			worst, at = d, i
		}
	}
	if worst > tolerance*largest {
		return fmt.Errorf("entry %d is %v, want %v: off by %.2g, at most %.2g", at, got.Data[at], want.Data[at], worst, tolerance*largest)
	}
	return nil
}
