package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn/loss"
)

// trainStep takes one step, from batch to moved parameters. Order matters:
// Feed may run other programs (keys) before the graph, outputs can be read
// until the next run, and AfterStep may overwrite what the gradient used.
func (t *trainer) trainStep(ctx context.Context) (Metrics, error) {
	start := time.Now()
	r, err := t.samples.next(ctx)
	if err != nil {
		return Metrics{}, err
	}
	if err := t.replaced(r.bad); err != nil {
		return Metrics{}, err
	}
	if err := t.compute(r.batch); err != nil { // encode, loss, gradients
		return Metrics{}, fmt.Errorf("train: step %d: %w", t.step, err)
	}
	m, err := t.measure()
	if err != nil {
		return Metrics{}, err
	}
	if err := t.update(); err != nil {
		return Metrics{}, err
	}
	if err := t.Method.AfterStep(); err != nil { // momentum encoder, queue
		return Metrics{}, fmt.Errorf("train: step %d: after: %w", t.step, err)
	}
	t.machine.Reset()
	t.samples.free <- r.batch
	t.step++
	t.timing(&m, start)
	return m, nil
}

// compute runs the programs of a step on a batch.
func (t *trainer) compute(b *methods.Batch) error {
	if t.cached != nil {
		return t.cached.run(b, t.step)
	}
	if err := t.Method.Feed(b, t.machine.Let); err != nil { // views to graph inputs
		return fmt.Errorf("feed: %w", err)
	}
	if err := t.machine.SetStep(t.step); err != nil { // dropouts draw from it
		return err
	}
	if err := t.machine.RunAll(); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

// gradients are those of the parameters, in order.
func (t *trainer) gradients() ([][]float32, error) {
	if t.cached != nil {
		return t.cached.gradients()
	}
	grads := make([][]float32, len(t.grads))
	for i, g := range t.grads {
		var err error
		if grads[i], err = t.machine.Float32s(g); err != nil {
			return nil, fmt.Errorf("gradient of %s: %w", t.graph.Params[i].Name(), err)
		}
	}
	return grads, nil
}

// update moves the parameters.
func (t *trainer) update() error {
	grads, err := t.gradients()
	if err != nil {
		return fmt.Errorf("train: step %d: %w", t.step, err)
	}
	if err := t.optimizer.Step(t.schedules.At(t.step), grads); err != nil {
		return fmt.Errorf("train: step %d: optimizer: %w", t.step, err)
	}
	return nil
}

// replaced records files that turned out bad while training.
func (t *trainer) replaced(bad []Bad) error {
	for _, b := range bad {
		t.Observer.Warn(fmt.Sprintf("%s set aside: %v", b.Path, b.Err))
		if t.Bad == nil {
			continue
		}
		if err := t.Bad.Add(b.Path, b.Err.Error(), "train"); err != nil {
			return err
		}
	}
	return nil
}

// measure reads the loss and its terms and refuses a loss that is not finite.
func (t *trainer) measure() (Metrics, error) {
	value, err := t.machine.Scalar(t.graph.Loss)
	if err != nil {
		return Metrics{}, fmt.Errorf("train: step %d: loss: %w", t.step, err)
	}
	lr := t.schedules.LR.At(t.step)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return Metrics{}, fmt.Errorf("train: step %d: the loss is %v at learning rate %.3g: lower optimizer.lr, or raise the temperature; the last checkpoint is kept", t.step, value, lr)
	}
	m := Metrics{Step: t.step + 1, Epoch: t.step * t.env.N / t.epochSamples, Loss: value, LR: lr, Terms: map[string]TermMetrics{}}
	for _, term := range t.graph.Terms {
		if m.Terms[term.Name], err = t.term(term); err != nil {
			return Metrics{}, err
		}
	}
	if t.graph.Embeddings != nil && (t.step%t.WatchEvery == 0 || t.step+1 == t.Steps) {
		m.Embeddings, err = t.watch.look(t.machine)
	}
	return m, err
}

func (t *trainer) term(term methods.Term) (TermMetrics, error) {
	value, err := t.machine.Scalar(term.Loss)
	if err != nil {
		return TermMetrics{}, err
	}
	m := TermMetrics{Loss: value, Guess: math.Log(float64(term.Choices))}
	if term.Hits != nil {
		hits, err := t.machine.Float32s(term.Hits)
		m.Accuracy = mean(hits)
		return m, err
	}
	if term.Logits == nil {
		return m, nil
	}
	logits, err := t.machine.Float32s(term.Logits)
	if err != nil {
		return m, err
	}
	m.Accuracy = loss.Accuracy(logits, term.Targets())
	return m, nil
}

// mean is 0 without values.
func mean(values []float32) float64 {
	sum := 0.0
	for _, v := range values {
		sum += float64(v)
	}
	return sum / float64(max(1, len(values)))
}

// timing fills in the speed of the step and its wait for data.
func (t *trainer) timing(m *Metrics, start time.Time) {
	elapsed := time.Since(start)
	m.Seconds = elapsed.Seconds()
	m.ClipsPerSecond = float64(t.env.N*t.views) / m.Seconds
	m.DataWait = min(1, t.samples.waited.Seconds()/m.Seconds)
	t.samples.waited = 0
}
