package media

import (
	"math/rand/v2"
	"testing"
)

// What cannot fit is returned as the best misfit, with every row in the video.
func TestSpacedClipsThatCannotFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	rows := SpacedClips(50, []float64{40, 40}, 0, 10, rng.Float64)
	if len(rows) != 1 || rows[0][0] < 0 || rows[0][1] > 49 {
		t.Errorf("rows %v, want the one clip that fits", rows)
	}
	rows = SpacedClips(300, []float64{40, 40, 40}, 5, 80, rng.Float64)
	if len(rows) != 3 {
		t.Fatalf("rows %v, want 3", rows)
	}
	for _, row := range rows[1:] {
		if row[2] < 5 || row[2] > 80 {
			t.Errorf("gap %g, want 5 to 80", row[2])
		}
	}
}
