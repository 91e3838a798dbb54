package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn/loss"
)

// trainStep takes one step, from batches to moved parameters. Order matters:
// Feed may run other programs (keys) before the graph, outputs can be read
// until the next run, and AfterStep may overwrite what the gradient used.
func (t *trainer) trainStep(ctx context.Context) (Metrics, error) {
	start := time.Now()
	if err := t.machine.ClearSums(); err != nil {
		return Metrics{}, fmt.Errorf("train: step %d: %w", t.step, err)
	}
	batches := t.Optim.Batches()
	var m Metrics
	for part := range batches {
		one, err := t.batch(ctx, part)
		if err != nil {
			return Metrics{}, err
		}
		m.add(one, batches)
		ctx = context.WithoutCancel(ctx) // see run
	}
	if batches > 1 {
		if err := t.machine.AverageSums(); err != nil {
			return Metrics{}, fmt.Errorf("train: step %d: %w", t.step, err)
		}
	}
	if err := t.update(); err != nil {
		return Metrics{}, err
	}
	if err := t.Method.AfterStep(); err != nil { // momentum encoder, queue
		return Metrics{}, fmt.Errorf("train: step %d: after: %w", t.step, err)
	}
	t.machine.Reset()
	t.step++
	t.timing(&m, start)
	return m, nil
}

// batch runs one batch of a step, of which part came before, and measures it.
func (t *trainer) batch(ctx context.Context, part int) (Metrics, error) {
	r, err := t.samples.next(ctx)
	if err != nil {
		return Metrics{}, err
	}
	if err := t.replaced(r.bad); err != nil {
		return Metrics{}, err
	}
	if err := t.compute(r.batch, part); err != nil { // encode, loss, gradients
		return Metrics{}, fmt.Errorf("train: step %d: %w", t.step, err)
	}
	m, err := t.measure(part)
	t.samples.free <- r.batch
	return m, err
}

// compute runs the programs of a step on a batch, of which part came before in
// the step.
func (t *trainer) compute(b *methods.Batch, part int) error {
	if t.cached != nil {
		return t.cached.run(b, t.step)
	}
	if err := t.Method.Feed(b, t.machine.Let); err != nil { // views to graph inputs
		return fmt.Errorf("feed: %w", err)
	}
	if err := t.machine.SetStep(t.step*t.Optim.Batches() + part); err != nil { // dropouts draw from it
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

// replaced records files that turned out bad while training. A word about each
// is enough.
func (t *trainer) replaced(bad []Bad) error {
	for _, b := range bad {
		found := media.NewBad(b.Path, media.StageTrain, b.Redrawn, b.Err)
		if aside, told := t.told[b.Path]; !told || !aside && !b.Redrawn {
			t.told[b.Path] = !b.Redrawn
			t.Observer.Warn(fmt.Sprintf("%s %s: %s", b.Path, found.Use(), found.Reason))
		}
		if t.Bad == nil {
			continue
		}
		if err := t.Bad.Add(found); err != nil {
			return err
		}
	}
	return nil
}

// measure reads the loss and its terms and refuses a loss that is not finite.
func (t *trainer) measure(part int) (Metrics, error) {
	value, err := t.machine.Scalar(t.graph.Loss)
	if err != nil {
		return Metrics{}, fmt.Errorf("train: step %d: loss: %w", t.step, err)
	}
	lr := t.schedules.LR.At(t.step)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return Metrics{}, fmt.Errorf("train: step %d: the loss is %v at learning rate %.3g: lower optimizer.lr, or raise the temperature; a checkpoint that was written before is kept", t.step, value, lr)
	}
	m := Metrics{Step: t.step + 1, Epoch: t.step * t.perStep / t.epochSamples, Loss: value, LR: lr, Terms: map[string]TermMetrics{}}
	for _, term := range t.graph.Terms {
		if m.Terms[term.Name], err = t.term(term); err != nil {
			return Metrics{}, err
		}
	}
	last := part+1 == t.Optim.Batches()
	if t.graph.Embeddings != nil && last && (t.step%t.WatchEvery == 0 || t.step+1 == t.Steps) {
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
	m.ClipsPerSecond = float64(t.perStep*t.views) / m.Seconds
	m.DataWait = min(1, t.samples.waited.Seconds()/m.Seconds)
	t.waited += t.samples.waited
	t.samples.waited = 0
}
