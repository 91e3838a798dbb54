package sound

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// logarithm is a parsed MelConfig.Log.
type logarithm struct {
	kind  string // "db", "ln+", "ln>", "none"
	bound float64
}

// decibelFloor is the least energy whose decibels are taken, as torchaudio and
// librosa have it.
const decibelFloor = 1e-10

// parseLog reads db, none, ln+EPS (the logarithm of x + EPS) and ln>EPS (that of
// the larger of x and EPS).
func parseLog(text string) (logarithm, error) {
	if text == "db" || text == "none" {
		return logarithm{kind: text}, nil
	}
	for _, kind := range []string{"ln+", "ln>"} {
		number, ok := strings.CutPrefix(text, kind)
		if !ok {
			continue
		}
		eps, err := strconv.ParseFloat(number, 64)
		if err == nil && eps > 0 && !math.IsInf(eps, 0) {
			return logarithm{kind, eps}, nil
		}
	}
	return logarithm{}, fmt.Errorf("sound: log is %q, want db, none, ln+EPS such as ln+1e-6, or ln>EPS such as ln>1e-5", text)
}

func (l logarithm) apply(energy []float64, c MelConfig) {
	switch l.kind {
	case "ln+":
		for i, x := range energy {
			energy[i] = math.Log(x + l.bound)
		}
	case "ln>":
		for i, x := range energy {
			energy[i] = math.Log(max(x, l.bound))
		}
	case "db":
		decibels(energy, c)
	}
}

// decibels are relative to 1: 10 log10 of a power, 20 log10 of a magnitude. The
// range is cut TopDB below the largest value of the picture.
func decibels(energy []float64, c MelConfig) {
	factor := 20 / c.Power
	for i, x := range energy {
		energy[i] = factor * math.Log10(max(x, decibelFloor))
	}
	if c.TopDB == 0 || len(energy) == 0 {
		return
	}
	floor := slices.Max(energy) - c.TopDB
	for i, x := range energy {
		energy[i] = max(x, floor)
	}
}
