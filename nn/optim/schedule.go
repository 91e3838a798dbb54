package optim

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// The shapes of a Schedule after its warm-up.
const (
	Constant   = "constant"   // the base value
	Cosine     = "cosine"     // half a cosine from the base to the final value
	Linear     = "linear"     // a line from the base to the final value
	Polynomial = "polynomial" // (1-x)^Power of the way from the final to the base value
	Step       = "step"       // the base value, multiplied by a factor at each milestone
)

// shapes lists the names, sorted.
var shapes = []string{Constant, Cosine, Linear, Polynomial, Step}

// Rise says how a warm-up of W positions climbs from Start to Base.
type Rise uint8

// The rises that published code has.
const (
	// Reaching is at Base at its last position, and spends none on Start.
	Reaching Rise = iota
	// FromStart begins with Start and would be at Base at position W: SimCLR,
	// BYOL, MoCo v3, Barlow Twins, VICReg.
	FromStart
	// BothEnds begins with Start and ends with Base, which therefore comes twice:
	// the linspace of SwAV and DINO.
	BothEnds
)

// Schedule gives a value, such as a learning rate, a weight decay or the decay of
// a moving average, for every position in a run. Positions are optimizer steps,
// or epochs where a recipe counts in those.
type Schedule struct {
	Base       float64
	Start      float64 // where the warm-up begins
	Final      float64 // where Cosine, Linear and Polynomial end
	Warmup     int     // positions of linear rise, 0 for none
	Rise       Rise
	Total      int    // positions in the run; Final is reached here
	Shape      string // "" is Constant
	Power      float64
	Milestones []int   // Step: positions from which a further Factor applies
	Factor     float64 // of each milestone
}

// At returns the value of position i, from 0; see AtPart.
func (s Schedule) At(i int) float64 { return s.AtPart(float64(i)) }

// AtPart returns the value at a position that may lie between two whole ones,
// for recipes that count epochs and move within them. Past Total the value stays
// what it was there.
func (s Schedule) AtPart(x float64) float64 {
	if x < float64(s.Warmup) {
		return s.Start + (s.Base-s.Start)*s.risen(x)
	}
	switch s.Shape {
	case Cosine:
		return s.Final + (s.Base-s.Final)*.5*(1+math.Cos(math.Pi*s.passed(x)))
	case Linear:
		return s.Final + (s.Base-s.Final)*(1-s.passed(x))
	case Polynomial:
		return s.Final + (s.Base-s.Final)*math.Pow(1-s.passed(x), s.Power)
	case Step:
		value := s.Base
		for _, m := range s.Milestones {
			if x >= float64(m) {
				value *= s.Factor
			}
		}
		return value
	}
	return s.Base
}

// risen is the share of the warm-up's climb at x.
func (s Schedule) risen(x float64) float64 {
	w := float64(s.Warmup)
	switch {
	case s.Rise == Reaching:
		return (x + 1) / w
	case s.Rise == BothEnds && s.Warmup > 1:
		return x / (w - 1)
	case s.Rise == BothEnds:
		return 0
	}
	return x / w
}

// passed is the share of the way from the warm-up to the end, in [0,1].
func (s Schedule) passed(x float64) float64 {
	if x >= float64(s.Total) {
		return 1
	}
	return (x - float64(s.Warmup)) / float64(s.Total-s.Warmup)
}

// EMASchedule is the decay of a moving average over total steps: constant, or
// with cosine set from base to 1 (arXiv:2006.07733, section 3.3; MoCo v3 and
// DINO alike).
func EMASchedule(base float64, cosine bool, total int) Schedule {
	if !cosine {
		return Schedule{Base: base}
	}
	return Schedule{Base: base, Final: 1, Total: total, Shape: Cosine}
}

// Schedules are those of a run: learning rate and weight decay.
type Schedules struct{ LR, WeightDecay Schedule }

// NewSchedules returns the schedules that c, which is valid, gives a run of
// total steps.
func NewSchedules(c Config, total int) Schedules {
	lr := Schedule{
		Base: c.LR, Start: c.LR * c.WarmupStart, Final: c.LR * c.FinalLR, Warmup: c.WarmupSteps,
		Total: total, Shape: c.Schedule, Power: c.Power, Factor: c.MilestoneFactor,
	}
	for _, m := range c.Milestones {
		lr.Milestones = append(lr.Milestones, int(math.Round(m*float64(total))))
	}
	decay := Schedule{Base: c.WeightDecay, Final: c.WeightDecayEnd, Total: total, Shape: c.WeightDecaySchedule}
	return Schedules{LR: lr, WeightDecay: decay}
}

// At returns the numbers of step i, from 0.
func (s Schedules) At(i int) Rates { return Rates{LR: s.LR.At(i), WeightDecay: s.WeightDecay.At(i)} }

func (c Config) validateSchedule() error {
	if !slices.Contains(shapes, c.Schedule) {
		return fmt.Errorf("optim: no schedule %q: set optimizer.schedule to one of %s", c.Schedule, strings.Join(shapes, ", "))
	}
	if c.WeightDecaySchedule != Constant && c.WeightDecaySchedule != Cosine {
		return fmt.Errorf("optim: no schedule %q: set optimizer.weight_decay_schedule to %s or %s", c.WeightDecaySchedule, Constant, Cosine)
	}
	if c.WarmupSteps < 0 {
		return fmt.Errorf("optim: warmup_steps is %d: set optimizer.warmup_steps to at least 0", c.WarmupSteps)
	}
	for _, m := range c.Milestones {
		if !(m >= 0 && m <= 1) {
			return fmt.Errorf("optim: milestone %v is no fraction of the run: set optimizer.milestones to numbers in [0,1]", m)
		}
	}
	return nil
}
