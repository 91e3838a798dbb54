// Package train is the one training loop of all methods: batches in, steps,
// schedule, log, checkpoints and resumption out. It decodes through an
// interface of package media and knows no command line.
package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/nn/plan"
	"github.com/clvid/clvid/pretext"
)

// ErrInterrupted says that the context ended and a checkpoint was written.
var ErrInterrupted = errors.New("interrupted")

// Options are the settings of the loop.
type Options struct {
	Steps           int // in all, at least 1
	Workers         int // goroutines that decode and augment, at least 1
	CheckpointEvery int // steps, at least 1
	WatchEvery      int // steps between looks at the embeddings, at least 1
	// MicroBatch is the number of videos that go through the networks at a time,
	// a divisor of the batch; 0 is all. Methods that are Splitters take it.
	MicroBatch int
}

// Setup is everything a run needs.
type Setup struct {
	Options
	Env      *methods.Env
	Method   methods.Method
	Source   *Source
	Optim    optim.Config
	Bad      BadFiles // set aside before the first step and while training
	Observer Observer // nil is silent
	// Dir is the run's folder, already made; "" writes nothing.
	Dir string
	// Init, where set, fills parameters after they were made and before a
	// checkpoint is restored: fine-tuning starts from another run this way.
	Init func(*nn.Store) error
	// Resume continues from Dir's checkpoint where there is one.
	Resume bool
	// Fingerprint tells runs apart; a checkpoint of another is refused.
	Fingerprint Fingerprint
	// Metadata goes into weights.safetensors.
	Metadata map[string]string
}

// Fingerprint names all that decides the result of a run, as hashes.
type Fingerprint struct {
	Settings string `json:"settings"`
	Data     string `json:"data"` // names, labels and captions of the videos
	Videos   int    `json:"videos"`
	// Init is the sum of the weights that the run started from: InitRandom for
	// none, "" where they are not at hand any more, which fits all.
	Init string `json:"init,omitempty"`
}

// InitRandom is the Fingerprint.Init of a run that starts from initial values.
const InitRandom = "random"

// BadFiles receives files that fail while training, or that are used in part. An error ends the run.
type BadFiles interface {
	Add(media.Bad) error
}

// Observer is told how a run goes. Calls come from one goroutine.
type Observer interface {
	Start(done, total int)
	Step(m Metrics)
	Warn(message string)
}

// Result sums up a run.
type Result struct {
	Steps   int           `json:"steps"`
	Loss    float64       `json:"loss"` // mean of the last tenth of the steps of this process
	Seconds float64       `json:"seconds"`
	Clips   int           `json:"clips"` // views that went through the network
	Elapsed time.Duration `json:"-"`
	Waited  float64       `json:"data_wait"` // share of Seconds spent waiting for data
}

type trainer struct {
	Setup
	env          *methods.Env
	graph        *methods.Graph
	machine      *plan.Machine
	grads        []*gorgonia.Node
	cached       *cachedStep[float32] // with micro-batches; then machine is that of its loss
	optimizer    optim.Optimizer
	schedules    optim.Schedules
	samples      *batches
	step         int // steps done
	perStep      int // videos in a step, over all its batches
	epochSamples int
	orders       orderCache
	watch        *watch
	log          *metricsLog
	views        int
	waited       time.Duration   // for data, over all steps
	told         map[string]bool // files that were warned of; true: set aside
}

// Trainer is a run that is built and not under way yet.
type Trainer struct{ t *trainer }

// Run is New, Restore and Train in one, for callers that have nothing to do in
// between.
func Run(ctx context.Context, s Setup) (*Result, error) {
	t, err := New(s)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if err := t.Restore(); err != nil {
		return nil, err
	}
	return t.Train(ctx)
}

// New builds networks, gradients and optimizer. It writes nothing.
func New(s Setup) (*Trainer, error) {
	t, err := newTrainer(s)
	if err != nil {
		return nil, err
	}
	return &Trainer{t}, nil
}

// Restore goes to the step of the folder's checkpoint, where the run resumes
// and has one. It writes nothing, and refuses a checkpoint of another run.
func (t *Trainer) Restore() error { return t.t.restore() }

// Train takes the remaining steps. When ctx ends it writes a checkpoint and
// returns ErrInterrupted; without a folder it returns the context's error.
func (t *Trainer) Train(ctx context.Context) (*Result, error) {
	if err := t.t.open(); err != nil {
		return nil, err
	}
	return t.t.run(ctx)
}

// Close frees programs and files.
func (t *Trainer) Close() error { return t.t.close() }

func newTrainer(s Setup) (*trainer, error) {
	if s.Observer == nil {
		s.Observer = silent{}
	}
	t := &trainer{Setup: s, env: s.Env, views: len(s.Env.Views()), told: map[string]bool{}}
	t.env.Steps = s.Steps
	t.perStep = t.env.N * s.Optim.Batches()
	if videos := len(s.Source.Items); t.env.N > videos {
		return nil, fmt.Errorf("train: a batch of %d videos, but there are %d: lower --batch to at most %d", t.env.N, videos, videos)
	} else if t.perStep > videos {
		return nil, fmt.Errorf("train: steps of %d batches of %d videos, but there are %d: lower optimizer.accumulate to at most %d",
			s.Optim.Batches(), t.env.N, videos, videos/t.env.N)
	}
	t.epochSamples = len(s.Source.Items) / t.perStep * t.perStep
	t.orders.init(s.Source.Seed, len(s.Source.Items))
	if err := t.build(); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// build makes the graph, its gradients, the program and the optimizer. Graphs
// panic on shapes that do not fit; whatever settings lead there, the user gets
// an error.
func (t *trainer) build() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("train: these settings make no network: %v: go back to those of a preset", p)
		}
	}()
	if err := t.draw(); err != nil {
		return err
	}
	t.watch = newWatch(t.graph, t.Steps)
	t.schedules = optim.NewSchedules(t.Optim, t.Steps)
	t.optimizer, err = optim.New(t.Optim, methods.Trainable(t.Optim, t.env.Store, t.graph.Params))
	return err
}

// draw makes graph and program.
func (t *trainer) draw() (err error) {
	if t.MicroBatch > 0 {
		return t.drawCached()
	}
	o := plan.Options{Train: true, Params: t.env.Store, Precision: t.env.Precision}
	if t.graph, err = t.Method.Build(t.env); err != nil {
		return err
	}
	if err := t.initialise(); err != nil {
		return err
	}
	if t.grads, err = nn.Grad(t.graph.Loss, t.graph.Params); err != nil {
		return fmt.Errorf("train: gradients: %w", err)
	}
	if t.Optim.Batches() > 1 {
		o.Accumulate = t.grads
	}
	t.machine, err = plan.Compile(t.env.Backend, o, append(shown(t.graph), t.grads...)...)
	if err != nil {
		return fmt.Errorf("train: compile: %w", err)
	}
	return nil
}

// drawCached makes the programs of a batch in parts.
func (t *trainer) drawCached() (err error) {
	if t.Optim.Batches() > 1 {
		return errors.New("train: micro_batch and optimizer.accumulate exclude each other: micro_batch alone makes one batch of any size")
	}
	m, ok := t.Method.(methods.Splitter)
	if !ok {
		return errors.New("train: this method takes no micro_batch: set it to 0, or use --method simclr, clip or supervised")
	}
	if t.cached, err = newCachedStep[float32](m, t.env, t.MicroBatch); err != nil {
		return err
	}
	t.graph, t.machine = t.cached.graph, t.cached.loss
	return t.initialise()
}

// initialise fills parameters from elsewhere.
func (t *trainer) initialise() error {
	if t.Init == nil {
		return nil
	}
	return t.Init(t.env.Store)
}

// shown are the outputs that a step reads beside gradients.
func shown(g *methods.Graph) []*gorgonia.Node {
	outputs := []*gorgonia.Node{g.Loss}
	for _, term := range g.Terms {
		outputs = append(outputs, term.Loss)
		if term.Hits != nil {
			outputs = append(outputs, term.Hits)
		}
		if term.Logits != nil {
			outputs = append(outputs, term.Logits)
		}
	}
	if g.Embeddings != nil {
		outputs = append(outputs, g.Embeddings)
	}
	return outputs
}

// run loops over the remaining steps.
func (t *trainer) run(ctx context.Context) (*Result, error) {
	start, first := time.Now(), t.step
	t.Observer.Start(t.step, t.Steps)
	if t.cached != nil && t.cached.normalises() {
		t.Observer.Warn(fmt.Sprintf("micro_batch: batch norm sees %d videos at a time, not the batch of %d: the loss compares all of them, the statistics do not", t.MicroBatch, t.env.N))
	}
	// A step that has begun is finished, as its batches may have moved what a
	// method keeps: interruptions come between steps.
	batches := t.Optim.Batches()
	t.samples = t.stream(context.WithoutCancel(ctx), t.step*batches, t.Steps*batches)
	defer t.samples.stop()
	tail := newTail(max(1, (t.Steps-first)/10))
	for t.step < t.Steps {
		m, err := t.trainStep(ctx)
		if err != nil && errors.Is(err, ctx.Err()) { // between two steps
			return nil, t.interrupted()
		}
		if err != nil {
			return nil, err
		}
		tail.add(m.Loss)
		if err := t.after(m); err != nil {
			return nil, err
		}
	}
	elapsed := time.Since(start)
	return &Result{
		Steps: t.step, Loss: tail.mean(), Seconds: elapsed.Seconds(),
		Clips: (t.step - first) * t.perStep * t.views, Elapsed: elapsed,
		Waited: min(1, t.waited.Seconds()/max(elapsed.Seconds(), 1e-9)),
	}, nil
}

// after logs a step, and saves when it is time.
func (t *trainer) after(m Metrics) error {
	t.Observer.Step(m)
	if err := t.log.write(m); err != nil {
		return err
	}
	for _, warning := range t.watch.warnings(m) {
		t.Observer.Warn(warning)
	}
	if t.step%t.CheckpointEvery == 0 || t.step == t.Steps {
		return t.save()
	}
	return nil
}

func (t *trainer) interrupted() error {
	if t.Dir == "" {
		return fmt.Errorf("train: interrupted at step %d of %d, nothing saved without a folder: %w", t.step, t.Steps, context.Canceled)
	}
	if err := t.save(); err != nil {
		return fmt.Errorf("train: interrupted at step %d, and the checkpoint failed: %w", t.step, err)
	}
	return fmt.Errorf("train: %w at step %d of %d: continue with --resume", ErrInterrupted, t.step, t.Steps)
}

func (t *trainer) close() error {
	var errs []error
	if t.log != nil {
		errs = append(errs, t.log.close())
	}
	switch {
	case t.cached != nil:
		errs = append(errs, t.cached.close())
	case t.machine != nil:
		errs = append(errs, t.machine.Close())
	}
	return errors.Join(append(errs, t.Method.Close())...)
}

// orderCache keeps the orders of the epochs at hand: two, since the loader
// runs ahead of the step. It is safe for concurrent use.
type orderCache struct {
	get func(epoch int) []int
}

func (c *orderCache) init(seed uint64, n int) {
	c.get = cached(func(epoch int) []int { return pretext.Order(seed, epoch, n) })
}

func (t *trainer) order(epoch int) []int { return t.orders.get(epoch) }

// tail averages the last values of a series.
type tail struct {
	values []float64
	at, n  int
}

func newTail(size int) *tail { return &tail{values: make([]float64, size)} }

func (t *tail) add(v float64) {
	t.values[t.at%len(t.values)] = v
	t.at++
	t.n = min(t.n+1, len(t.values))
}

// mean is 0 without values, as of a resumed run that was finished.
func (t *tail) mean() float64 {
	if t.n == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range t.values[:t.n] {
		sum += v
	}
	return sum / float64(t.n)
}

type silent struct{}

func (silent) Start(int, int) {}
func (silent) Step(Metrics)   {}
func (silent) Warn(string)    {}
