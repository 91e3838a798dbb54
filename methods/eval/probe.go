package eval

import (
	"fmt"
	"math/rand/v2"
)

// Probe classifies the rows of test by labelled rows of train and returns
// scores (N, classes) and what the user should know.
type Probe func(train Matrix, labels []int, test Matrix, classes int) (scores Matrix, note string, err error)

var knnEntry = ProbeEntry{
	Name: "knn", Doc: "vote of the nearest labelled videos",
	New: func(s ProbeSettings) Probe { return KNNProbe(KNNConfig{K: s.K, Temperature: s.KNNTemperature}) },
	Used: func(s ProbeSettings) map[string]any {
		return map[string]any{"k": s.K, "temperature": s.KNNTemperature}
	},
}

var linearEntry = ProbeEntry{
	Name: "linear", Doc: "logistic regression on frozen features",
	New: func(s ProbeSettings) Probe {
		c := DefaultLinearConfig()
		c.C = s.LinearC
		return LinearProbe(c)
	},
	Used: func(s ProbeSettings) map[string]any { return map[string]any{"c": s.LinearC} },
}

// KNNProbe is the vote of nearest neighbours on features that are standardised
// by the labelled ones.
func KNNProbe(c KNNConfig) Probe {
	return func(train Matrix, labels []int, test Matrix, classes int) (Matrix, string, error) {
		scaler := NewScaler(train)
		r, err := KNN(scaler.Apply(train), labels, scaler.Apply(test), classes, c)
		if err != nil {
			return Matrix{}, "", err
		}
		return r.Scores, r.Note, nil
	}
}

// LinearProbe is multinomial logistic regression on standardised features.
func LinearProbe(c LinearConfig) Probe {
	return func(train Matrix, labels []int, test Matrix, classes int) (Matrix, string, error) {
		l, err := FitLinear(train, labels, classes, c)
		if err != nil {
			return Matrix{}, "", err
		}
		p, err := l.Probabilities(test)
		return p, "", err
	}
}

// FewShot says how many labels a probe may use.
type FewShot struct {
	PerClass int    // labelled videos of each class; 0 uses all, once
	Draws    int    // repetitions with other labels, at least 1
	Seed     uint64 // of the draws
}

// fewShotStream separates these draws from all others of a seed.
const fewShotStream = 0x6665773a73686f74

// Subset draws the labelled rows of repetition d.
func (f FewShot) Subset(labels []int, d int) ([]int, error) {
	return Draw(labels, f.PerClass, rand.New(rand.NewPCG(f.Seed^fewShotStream, uint64(d))))
}

// RunProbe fits on train and reports on test, once on all labels or as
// FewShot says.
func RunProbe(name string, probe Probe, train, test *Features, classes []string, few FewShot, settings map[string]any) (*Report, error) {
	x, err := FromFloat32(len(train.Items), train.D, train.X)
	if err != nil {
		return nil, err
	}
	y, err := FromFloat32(len(test.Items), test.D, test.X)
	if err != nil {
		return nil, err
	}
	labels := train.Labels()
	once := func(rows []int) (*Report, error) {
		fitX, fitLabels := x, labels
		if rows != nil {
			fitX, fitLabels = x.Select(rows), pick(labels, rows)
		}
		scores, note, err := probe(fitX, fitLabels, y, len(classes))
		if err != nil {
			return nil, err
		}
		r, err := NewReport(name, scores, test.Labels(), classes, settings)
		if err == nil && note != "" {
			r.Notes = append(r.Notes, note)
		}
		return r, err
	}
	if few.PerClass == 0 {
		return once(nil)
	}
	var draws []*Report
	for d := range few.Draws {
		rows, err := few.Subset(labels, d)
		if err != nil {
			return nil, err
		}
		r, err := once(rows)
		if err != nil {
			return nil, fmt.Errorf("eval: draw %d: %w", d, err)
		}
		draws = append(draws, r)
	}
	return MergeDraws(draws)
}

func pick(labels, rows []int) []int {
	out := make([]int, len(rows))
	for i, r := range rows {
		out[i] = labels[r]
	}
	return out
}
