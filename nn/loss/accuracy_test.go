package loss

import (
	"slices"
	"testing"
)

func TestAccuracy(t *testing.T) {
	logits := []float64{1, 3, 2, 5, 5, 0, -1, -2, -3}
	for _, tc := range []struct {
		name    string
		targets []int32
		want    float64
	}{
		{"all right, the first of equal ones", []int32{1, 0, 0}, 1},
		{"the second of equal ones", []int32{1, 1, 0}, 2. / 3},
		{"a row without a target", []int32{1, -1, 2}, .5},
		{"no row with a target", []int32{-1, -1, -1}, 0},
	} {
		if got := Accuracy(logits, tc.targets); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	if Accuracy[float32](nil, nil) != 0 {
		t.Error("no rows are right")
	}
}

func TestDiagonal(t *testing.T) {
	if got := Diagonal(3); !slices.Equal(got, []int32{0, 1, 2}) {
		t.Errorf("got %v", got)
	}
}
