package media

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// GapConfig draws the distance in time between two clips of one video (CVRL,
// arXiv:2008.03800): close clips are drawn more often than distant ones.
type GapConfig struct {
	// Power is a of the density p(k) ~ 1 - (k/M)^a on [0, M): 1 falls in a
	// straight line to zero at the largest possible gap, large values approach
	// a uniform draw. More than 0.
	Power float64 `yaml:"power" doc:"1 falls linearly to 0 at the largest gap, large values are uniform"`
	Min   int     `yaml:"min" doc:"least gap in source frames; a shorter video uses the largest it has"`
	Max   int     `yaml:"max" doc:"largest gap in source frames; 0: as far as the video goes"`
}

// DefaultGap is the linear density over the whole video.
func DefaultGap() GapConfig { return GapConfig{Power: 1} }

// Validate names the first setting that is out of bounds; section is where the
// settings stand, as in `pairs.gap`.
func (g GapConfig) Validate(section string) error {
	switch {
	case !(g.Power > 0 && g.Power <= 1000):
		return fmt.Errorf("media: %s.power is %g, want more than 0, at most 1000", section, g.Power)
	case g.Min < 0:
		return fmt.Errorf("media: %s.min is %d frames, want at least 0", section, g.Min)
	case g.Max < 0 || g.Max > 0 && g.Max < g.Min:
		return fmt.Errorf("media: %s.max is %d frames, want 0 (no bound) or at least %s.min (%d)", section, g.Max, section, g.Min)
	}
	return nil
}

// StartRange returns M: clips of the given frames and stride start in [0, M) of
// a video of n frames. A video shorter than the clip loops and gives M = n.
func StartRange(n, frames, stride int) int {
	if reach := (frames - 1) * stride; n > reach {
		return n - reach
	}
	return n
}

// GapCDF is F(k) = (a+1)/a k/M - 1/a (k/M)^(a+1), the probability that a gap is
// below k frames, for k in [0, m] and power a.
func GapCDF(k float64, m int, power float64) float64 {
	x := k / float64(m)
	return (power+1)/power*x - math.Pow(x, power+1)/power
}

// GapAt returns the gap in [0, m) at which GapCDF reaches u in [0, 1). It
// bisects over whole frames from the middle of [0, m], as the published code
// does, so it rounds down.
func GapAt(u float64, m int, power float64) int {
	low, up, k := 0, m, m/2
	for up-low > 1 {
		if GapCDF(float64(k), m, power) > u {
			up = k
		} else {
			low = k
		}
		k = (low + up) / 2
	}
	return k
}

// PairStarts places two clips from given draws: u in [0,1) for the gap,
// fractions in [0,1) for the starts, swap to exchange the two. It returns the
// gap and the first frames. Where the video is shorter than a clip both starts
// are free, and the gap is drawn but not used.
func PairStarts(n, frames, stride int, power, u float64, fractions [2]float64, swap bool) (gap int, starts [2]int) {
	m := StartRange(n, frames, stride)
	gap = GapAt(u, m, power)
	starts = startsAt(m, gap, n <= (frames-1)*stride, fractions)
	if swap {
		starts[0], starts[1] = starts[1], starts[0]
	}
	return gap, starts
}

func startsAt(m, gap int, short bool, fractions [2]float64) [2]int {
	if short {
		return [2]int{int(fractions[0] * float64(m)), int(fractions[1] * float64(m))}
	}
	first := int(fractions[0] * float64(m-gap))
	return [2]int{first, first + gap}
}

// Pair draws two clips of a video of n frames.
func (g GapConfig) Pair(rng *rand.Rand, n int, c ClipConfig) [2]Span {
	n = max(n, 1)
	m := StartRange(n, c.Frames, c.Stride)
	u := g.bounded(rng.Float64(), m)
	fractions := [2]float64{rng.Float64(), rng.Float64()}
	_, starts := PairStarts(n, c.Frames, c.Stride, g.Power, u, fractions, rng.IntN(2) == 1)
	return [2]Span{
		{Start: starts[0], N: c.Frames, Stride: c.Stride},
		{Start: starts[1], N: c.Frames, Stride: c.Stride},
	}
}

// bounded maps u to the part of [0,1) whose gaps lie within [Min, Max], which
// leaves the density in there as it is.
func (g GapConfig) bounded(u float64, m int) float64 {
	low := min(g.Min, m-1)
	top := m
	if g.Max > 0 {
		top = min(max(g.Max, low)+1, m)
	}
	from, to := GapCDF(float64(low), m, g.Power), GapCDF(float64(top), m, g.Power)
	return from + u*(to-from)
}

// randomTrain draws one clip, every start alike.
func randomTrain(rng *rand.Rand, n int, c ClipConfig) Span {
	return Span{Start: rng.IntN(StartRange(n, c.Frames, c.Stride)), N: c.Frames, Stride: c.Stride}
}
