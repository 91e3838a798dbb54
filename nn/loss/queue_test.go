package loss

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func newQueue(size, width int) *Queue[float64] {
	return NewQueue[float64](size, width, rand.New(rand.NewPCG(1, 2)))
}

func TestNewQueueHoldsUnitRows(t *testing.T) {
	q := newQueue(5, 3)
	for i := 0; i < len(q.Rows()); i += 3 {
		r := q.Rows()[i : i+3]
		if norm := math.Hypot(math.Hypot(r[0], r[1]), r[2]); math.Abs(norm-1) > 1e-15 {
			t.Errorf("row %d has length %v", i/3, norm)
		}
	}
	if slices.Equal(q.Rows()[:3], q.Rows()[3:6]) {
		t.Error("rows are equal")
	}
	again := newQueue(5, 3)
	if !slices.Equal(q.Rows(), again.Rows()) {
		t.Error("the same source gave other rows")
	}
}

// keys returns n rows of one number each, counted from first.
func keys(first, n int) []float64 {
	k := make([]float64, n)
	for i := range k {
		k[i] = float64(first + i)
	}
	return k
}

func TestEnqueueOverwritesTheOldest(t *testing.T) {
	for _, tc := range []struct {
		name    string
		batches []int
		want    []float64
		pointer int64
	}{
		{"a batch that divides", []int{2, 2}, []float64{1, 2, 3, 4}, 0},
		{"one that wraps", []int{3, 3}, []float64{5, 6, 3, 4}, 2},
		{"a batch as large as the queue", []int{4, 4}, []float64{5, 6, 7, 8}, 0},
		{"a larger batch", []int{6}, []float64{5, 6, 3, 4}, 2},
		{"nothing", []int{4, 0}, []float64{1, 2, 3, 4}, 0},
	} {
		q := newQueue(4, 1)
		next := 1
		for _, n := range tc.batches {
			if err := q.Enqueue(keys(next, n)); err != nil {
				t.Fatal(err)
			}
			next += n
		}
		if !slices.Equal(q.Rows(), tc.want) || q.Pointer()[0] != tc.pointer {
			t.Errorf("%s: %v at %d, want %v at %d", tc.name, q.Rows(), q.Pointer()[0], tc.want, tc.pointer)
		}
	}
}

func TestEnqueueRefuses(t *testing.T) {
	q := newQueue(2, 2)
	before := slices.Clone(q.Rows())
	errs := map[string]error{
		"3 numbers are no rows of 2": q.Enqueue(make([]float64, 3)),
		"key 1 holds NaN":            q.Enqueue([]float64{0, 1, math.NaN(), 0}),
		"key 0 holds +Inf":           q.Enqueue([]float64{math.Inf(1), 1}),
	}
	q.Pointer()[0] = 2
	errs["pointer 2 is outside [0,2)"] = q.Enqueue([]float64{1, 0})
	for want, err := range errs {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
	if !slices.Equal(q.Rows(), before) {
		t.Error("a refused batch changed the queue")
	}
}
