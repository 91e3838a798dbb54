package optim

import (
	"slices"
	"testing"
)

func TestEMA(t *testing.T) {
	average := []float64{1, 2, 3}
	EMA(average, []float64{2, 4, -1}, .75)
	if want := []float64{1.25, 2.5, 2}; !slices.Equal(average, want) {
		t.Errorf("got %v, want %v", average, want)
	}
}

// Equal weights must stay equal, or a key encoder that starts as a copy would
// drift before its query encoder moves.
func TestEMAOfACopyIsStill(t *testing.T) {
	average, values := make([]float32, 2*chunkElements+1), make([]float32, 2*chunkElements+1)
	for i := range values {
		average[i], values[i] = float32(i)*.1, float32(i)*.1
	}
	EMA(average, values, .99)
	if !slices.Equal(average, values) {
		t.Error("a copy moved")
	}
}
