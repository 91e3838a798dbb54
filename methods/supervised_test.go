package methods_test

import (
	"math"
	"strings"
	"testing"

	"github.com/clvid/clvid/methods"
)

// smoothedLoss is the first loss of supervised training with smoothed targets.
func smoothedLoss(t *testing.T, smoothing float64) float64 {
	t.Helper()
	r := newRig(t, combination{"supervised", "action-recognition", nil}, 1)
	entry, err := methods.Builtin().Lookup("method", "supervised")
	if err != nil {
		t.Fatal(err)
	}
	if r.method, err = entry.New(&methods.SupervisedConfig{LabelSmoothing: smoothing}); err != nil {
		t.Fatal(err)
	}
	if err := r.machine.Close(); err != nil {
		t.Fatal(err)
	}
	r.build(t)
	return r.step(t, r.batch(1))
}

// Smoothing moves the loss on a straight line from the cross-entropy of the
// targets towards that of an even spread, which is at least ln 3 for 3 classes.
func TestLabelSmoothing(t *testing.T) {
	none, some, more := smoothedLoss(t, 0), smoothedLoss(t, .2), smoothedLoss(t, .4)
	if slope := (some - none) / .2; slope == 0 || none+slope < math.Log(classes) {
		t.Errorf("loss %g, smoothed by 0.2 %g: an even spread would cost %g, want at least ln %d", none, some, none+slope, classes)
	}
	if want := 2*some - none; math.Abs(more-want) > 1e-5 {
		t.Errorf("loss %g with smoothing 0.4, want %g", more, want)
	}
	plain := newRig(t, combination{"supervised", "action-recognition", nil}, 1)
	if loss := plain.step(t, plain.batch(1)); loss != none {
		t.Errorf("loss %g by default, want %g as without smoothing", loss, none)
	}
}

func TestLabelSmoothingRange(t *testing.T) {
	for _, bad := range []float64{-.1, 1, math.NaN()} {
		c := methods.SupervisedConfig{LabelSmoothing: bad}
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "supervised.label_smoothing") {
			t.Errorf("smoothing %g: %v", bad, err)
		}
	}
}
