package optim

import "testing"

func TestEMA(t *testing.T) {
	average, values := [][]float64{{1, 2}, {3}}, [][]float64{{2, 4}, {-1}}
	if err := EMA(average, values, .75); err != nil {
		t.Fatal(err)
	}
	if average[0][0] != 1.25 || average[0][1] != 2.5 || average[1][0] != 2 {
		t.Errorf("got %v, want [[1.25 2.5] [2]]", average)
	}
	if EMA(average, values[:1], .5) == nil || EMA(average, [][]float64{{1}, {1}}, .5) == nil {
		t.Error("averages of other sizes are accepted")
	}
}

// Equal weights must stay equal, or a key encoder that starts as a copy would
// drift before its query encoder moves.
func TestEMAOfACopyIsStill(t *testing.T) {
	average, values := [][]float32{{.1, 3e4}}, [][]float32{{.1, 3e4}}
	if err := EMA(average, values, .99); err != nil {
		t.Fatal(err)
	}
	if average[0][0] != values[0][0] || average[0][1] != values[0][1] {
		t.Errorf("a copy of %v moved to %v", values[0], average[0])
	}
}
