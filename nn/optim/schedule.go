package optim

import (
	"fmt"
	"math"
	"slices"
)

// The shapes of a Schedule after its warm-up.
const (
	Cosine   = "cosine"   // half a cosine from the base rate to 0
	Constant = "constant" // the base rate
	Step     = "step"     // the base rate, multiplied by a factor at each milestone
)

// Schedule gives a learning rate for every position in a run. Positions are
// optimizer steps, or epochs where a recipe holds the rate for an epoch.
type Schedule struct {
	Base       float64
	Warmup     int    // positions of linear rise, 0 for none
	Total      int    // positions in the run; Cosine reaches 0 here
	Shape      string // Cosine, Constant or Step
	Milestones []int  // Step: positions from which a further Factor applies
	Factor     float64
	// FromZero makes position 0 have rate 0, as SimCLR's code does. Otherwise
	// the rise ends with its last position, and no step is spent on rate 0.
	FromZero bool
}

// NewSchedule returns the schedule that c, which is valid, gives a run of
// total steps.
func NewSchedule(c Config, total int) Schedule {
	s := Schedule{Base: c.LR, Warmup: c.WarmupSteps, Total: total, Shape: c.Schedule, Factor: c.MilestoneFactor}
	for _, m := range c.Milestones {
		s.Milestones = append(s.Milestones, int(math.Round(m*float64(total))))
	}
	return s
}

// At returns the learning rate of position i, from 0. Past Total the rate
// stays what it was there.
func (s Schedule) At(i int) float64 {
	if i < s.Warmup {
		if !s.FromZero {
			i++
		}
		return s.Base * float64(i) / float64(s.Warmup)
	}
	switch s.Shape {
	case Cosine:
		if i >= s.Total {
			return 0
		}
		return s.Base * .5 * (1 + math.Cos(math.Pi*float64(i-s.Warmup)/float64(s.Total-s.Warmup)))
	case Step:
		rate := s.Base
		for _, m := range s.Milestones {
			if i >= m {
				rate *= s.Factor
			}
		}
		return rate
	}
	return s.Base
}

func (c Config) validateSchedule() error {
	if !slices.Contains([]string{Cosine, Constant, Step}, c.Schedule) {
		return fmt.Errorf("optim: no schedule %q: set optimizer.schedule to %s, %s or %s", c.Schedule, Constant, Cosine, Step)
	}
	if c.WarmupSteps < 0 {
		return fmt.Errorf("optim: warmup_steps is %d: set optimizer.warmup_steps to at least 0", c.WarmupSteps)
	}
	for _, m := range c.Milestones {
		if !(m >= 0 && m <= 1) {
			return fmt.Errorf("optim: milestone %v is no fraction of the run: set optimizer.milestones to numbers in [0,1]", m)
		}
	}
	if !(c.MilestoneFactor >= 0 && c.MilestoneFactor <= maxSetting) {
		return fmt.Errorf("optim: milestone_factor is %v: set optimizer.milestone_factor to a number at least 0", c.MilestoneFactor)
	}
	return nil
}
