package optim

import (
	"math"
	"testing"
)

// near allows for the rounding of a few float64 operations.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Max(1, math.Abs(b)) }

func TestScheduleAt(t *testing.T) {
	cosine := Schedule{Base: 2, Warmup: 4, Total: 12, Shape: Cosine}
	zero, both := cosine, cosine
	zero.Rise, both.Rise = FromStart, BothEnds
	both.Start, both.Final = .5, 1
	line := Schedule{Base: 3, Final: 1, Warmup: 2, Total: 10, Shape: Linear}
	square := Schedule{Base: 3, Final: 1, Total: 10, Shape: Polynomial, Power: 2}
	steps := Schedule{Base: 1, Total: 10, Shape: Step, Milestones: []int{6, 8}, Factor: .1}
	for _, tc := range []struct {
		name string
		s    Schedule
		at   float64
		want float64
	}{
		{"the first warm-up step moves", cosine, 0, .5},
		{"the last warm-up step is the base rate", cosine, 3, 2},
		{"the cosine starts at the base rate", cosine, 4, 2},
		{"half way", cosine, 8, 1},
		{"the last step is above 0", cosine, 11, 1 + math.Cos(math.Pi*7/8)},
		{"the end", cosine, 12, 0},
		{"past the end", cosine, 13, 0},
		{"from zero", zero, 0, 0},
		{"from zero, last of the warm-up", zero, 3, 1.5},
		{"from zero, between positions", zero, 2.5, 1.25},
		{"both ends, first", both, 0, .5},
		{"both ends, last of the warm-up", both, 3, 2},
		{"both ends, the base comes twice", both, 4, 2},
		{"a final value", both, 12, 1},
		{"half way to a final value", both, 8, 1.5},
		{"both ends of one position", Schedule{Base: 1, Start: .2, Warmup: 1, Total: 9, Rise: BothEnds}, 0, .2},
		{"a line", line, 4, 2.5},
		{"the end of a line", line, 10, 1},
		{"a polynomial", square, 5, 1.5},
		{"a run shorter than its warm-up", Schedule{Base: 1, Warmup: 20, Total: 10, Shape: Cosine}, 9, .5},
		{"constant", Schedule{Base: 3, Total: 5, Shape: Constant}, 7, 3},
		{"before a milestone", steps, 5, 1},
		{"at a milestone", steps, 6, .1},
		{"after the last milestone", steps, 9, .01},
	} {
		if got := tc.s.AtPart(tc.at); !near(got, tc.want) {
			t.Errorf("%s: %v at %v, want %v", tc.name, got, tc.at, tc.want)
		}
	}
}

func TestEMASchedule(t *testing.T) {
	cosine := EMASchedule(.99, true, 100)
	for i, want := range map[int]float64{0: .99, 50: .995, 100: 1, 101: 1} {
		if got := cosine.At(i); !near(got, want) {
			t.Errorf("cosine at %d: %v, want %v", i, got, want)
		}
	}
	if got := EMASchedule(.99, false, 100).At(70); got != .99 {
		t.Errorf("constant: %v", got)
	}
}

func TestNewSchedulesReadTheConfig(t *testing.T) {
	c := Default()
	c.Schedule, c.WarmupSteps = Step, 0
	s := NewSchedules(c, 200).LR
	if got := []float64{s.At(119), s.At(120), s.At(160)}; !near(got[0], .003) || !near(got[1], .0003) || !near(got[2], .00003) {
		t.Errorf("rates around the milestones: %v", got)
	}
	c.Schedule, c.WarmupSteps, c.WarmupStart, c.FinalLR = Linear, 10, .5, .1
	c.WeightDecay, c.WeightDecaySchedule, c.WeightDecayEnd = .04, Cosine, .4
	all := NewSchedules(c, 200)
	for i, want := range map[int]Rates{
		0:   {.003 * .55, .04},
		9:   {.003, all.WeightDecay.At(9)},
		105: {.003 * .55, all.WeightDecay.At(105)},
		100: {all.LR.At(100), .22},
		200: {.0003, .4},
	} {
		if got := all.At(i); !near(got.LR, want.LR) || !near(got.WeightDecay, want.WeightDecay) {
			t.Errorf("step %d: %+v, want %+v", i, got, want)
		}
	}
}

// The numbers are the recipes' own: 4096 images a step of ImageNet, and
// MoCo's 200 epochs with falls at 120 and 160.
func TestRecipes(t *testing.T) {
	s, err := SimCLRRecipe{BaseLR: .3, Scaling: "linear", Batch: 4096, Examples: 1281167, Epochs: 100, WarmupEpochs: 10}.Schedule()
	if err != nil {
		t.Fatal(err)
	}
	if s.Total != 31279 || s.Warmup != 3127 || !near(s.Base, 4.8) {
		t.Errorf("SimCLR on ImageNet: %+v", s)
	}
	r, err := SimCLRRecipe{BaseLR: .075, Scaling: "sqrt", Batch: 4096, Examples: 100, Epochs: 1}.Schedule()
	if err != nil || !near(r.Base, 4.8) || r.At(0) != r.Base {
		t.Errorf("square-root scaling without warm-up: %+v, %v", r, err)
	}
	if _, err := (SimCLRRecipe{Batch: 1, Scaling: "cubic"}).Schedule(); err == nil {
		t.Error("an unknown scaling is accepted")
	}
	if _, err := (SimCLRRecipe{Scaling: "sqrt"}).Schedule(); err == nil {
		t.Error("a batch of 0 is accepted")
	}
	m := MoCoSchedule(.03, 200, false, []int{120, 160})
	if !near(m.At(119), .03) || !near(m.At(120), .003) || !near(m.At(199), .0003) {
		t.Errorf("MoCo v1: %v %v %v", m.At(119), m.At(120), m.At(199))
	}
}
