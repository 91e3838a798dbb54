package train

import (
	"fmt"
	"math"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/nn/plan"
)

// watch looks for collapse and for a loss that never leaves a guess. Its
// thresholds come from runs that failed: embeddings of a collapsed run spread
// .15 to .46 (healthy: .8 to .99), and a run with wrong partners ends within
// .2 % of ln(candidates).
type watch struct {
	graph *methods.Graph
	steps int
	low   map[string]float64 // lowest loss of each term
	said  map[string]bool
}

const (
	lowSpread   = 0.5
	nearGuess   = 0.98 // of ln(choices)
	graceShare  = 0.25 // of the steps, before any warning
	graceSteps  = 30
	lowRankPart = 0.05 // of the dimensions
)

func newWatch(g *methods.Graph, steps int) *watch {
	return &watch{graph: g, steps: steps, low: map[string]float64{}, said: map[string]bool{}}
}

// look measures the embeddings of the step that just ran.
func (w *watch) look(m *plan.Machine) (*eval.Embedding, error) {
	z, err := m.Float32s(w.graph.Embeddings)
	if err != nil {
		return nil, fmt.Errorf("train: embeddings: %w", err)
	}
	shape := w.graph.Embeddings.Shape()
	e, err := eval.Watch(z, shape[0], shape[1])
	return &e, err
}

// warnings returns what is wrong, each thing once a run.
func (w *watch) warnings(m Metrics) []string {
	for name, term := range m.Terms {
		low, seen := w.low[name]
		if !seen || term.Loss < low {
			w.low[name] = term.Loss
		}
	}
	if m.Step < max(graceSteps, int(graceShare*float64(w.steps))) {
		return nil
	}
	return append(w.collapse(m), w.guessing(m)...)
}

func (w *watch) collapse(m Metrics) []string {
	e := m.Embeddings
	if e == nil {
		return nil
	}
	dim := float64(w.graph.Embeddings.Shape()[1])
	switch {
	case e.Spread < lowSpread:
		return w.once("spread", fmt.Sprintf("step %d: the embeddings collapse: spread %.2f, healthy is .8 to 1: lower optimizer.lr, raise the temperature, or look with `clvid preview` whether all videos show the same", m.Step, e.Spread))
	case e.EffectiveRank < max(2, lowRankPart*dim):
		return w.once("rank", fmt.Sprintf("step %d: the embeddings fill %.1f of %.0f dimensions: raise the batch or the temperature, or weaken the augmentation", m.Step, e.EffectiveRank, dim))
	}
	return nil
}

func (w *watch) guessing(m Metrics) []string {
	var out []string
	for _, term := range w.graph.Terms {
		guess := math.Log(float64(term.Choices))
		if term.Choices > 1 && w.low[term.Name] > nearGuess*guess {
			out = append(out, w.once(term.Name, fmt.Sprintf("step %d: the loss of %s has not left that of a guess, ln %d = %.2f: check with `clvid preview` that the views of a video belong together, raise optimizer.lr, or weaken the augmentation", m.Step, term.Name, term.Choices, guess))...)
		}
	}
	return out
}

func (w *watch) once(key, message string) []string {
	if w.said[key] {
		return nil
	}
	w.said[key] = true
	return []string{message}
}
