package eval

import (
	"fmt"
	"math"
)

// SGDConfig sets the linear probe of the literature: torch's SGD on the full
// batch, learning rate by a cosine from LR to 0, weights from zero.
type SGDConfig struct {
	LR          float64
	Momentum    float64
	WeightDecay float64 // on weights and biases
	Steps       int     // at least 1
}

// SGDResult is the fitted probe with its trace.
type SGDResult struct {
	Losses      []float64 // (steps) mean cross-entropy before each update
	LRs         []float64 // (steps)
	Weight      Matrix    // (C, D)
	Bias        []float64 // (C)
	Predictions []int     // (N) on the training features
}

// SGDProbe fits a linear classifier on features (N, D) as they are:
// g += wd·p; v = g at first, then momentum·v + g; p -= lr·v. The golden folder
// linear-probe holds this protocol of the literature to its numbers; clvid's
// own tables come from FitLinear.
func SGDProbe(features Matrix, labels []int, classes int, c SGDConfig) (*SGDResult, error) {
	for _, err := range []error{features.check("features", false), checkLabels("features", labels, features.Rows, classes)} {
		if err != nil {
			return nil, fmt.Errorf("eval: sgd probe: %w", err)
		}
	}
	if c.Steps < 1 {
		return nil, fmt.Errorf("eval: sgd probe: steps is %d, want at least 1", c.Steps)
	}
	s := newSoftmaxRegression(features, labels, classes)
	size := classes * (features.Cols + 1)
	theta, grad, velocity := make([]float64, size), make([]float64, size), make([]float64, size)
	split := func(p []float64) (Matrix, []float64) {
		return Matrix{classes, features.Cols, p[:size-classes]}, p[size-classes:]
	}
	r := &SGDResult{}
	for t := range c.Steps {
		lr := c.LR * (1 + math.Cos(math.Pi*float64(t)/float64(c.Steps))) / 2
		r.Losses, r.LRs = append(r.Losses, s.evaluate(split(theta))), append(r.LRs, lr)
		s.gradient(split(grad))
		for i, g := range grad {
			velocity[i] = c.Momentum*velocity[i] + g + c.WeightDecay*theta[i]
			theta[i] -= lr * velocity[i]
		}
	}
	r.Weight, r.Bias = split(theta)
	r.Predictions = s.predict(r.Weight, r.Bias)
	return r, nil
}

func (s *softmaxRegression) predict(weight Matrix, bias []float64) []int {
	s.evaluate(weight, bias)
	out := make([]int, len(s.labels))
	for i := range out {
		out[i] = argmax(s.probs.Row(i))
	}
	return out
}
