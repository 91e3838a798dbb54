// Package bench measures what users wait for: whole training steps, and the
// memory that they take.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/nn/plan"
)

// What the measured step is made of, beside the encoder.
const (
	embedding   = 128 // outputs of the linear layer on the features
	temperature = .5
	learnRate   = .01
	momentum    = .9
	weightDecay = 1e-4
)

// StepConfig says which step is measured.
type StepConfig struct {
	Encoder   encoder.Entry
	Options   encoder.Config
	Frames    int // T; 1 means images where the encoder takes them
	Size      int // H and W in pixels
	Batch     int // rows, an even number: row i and i+Batch/2 are two views of one video
	Precision device.Precision
	Threads   int // of the optimizer; those of the back end are its own
	Warmup    int // steps before the measured ones
	Steps     int // measured
	Seed      uint64
	Profile   bool // time every kernel of the measured steps
}

// Validate checks the ranges.
func (c StepConfig) Validate() error {
	switch {
	case c.Frames < 1 || c.Size < 1:
		return fmt.Errorf("bench: %d frames of %d pixels: want at least 1", c.Frames, c.Size)
	case c.Batch < 4 || c.Batch%2 != 0:
		return fmt.Errorf("bench: batch %d: want an even number from 4 on, as its halves are two views", c.Batch)
	case c.Warmup < 0 || c.Steps < 1:
		return fmt.Errorf("bench: %d warm-up and %d measured steps: want at least 0 and 1", c.Warmup, c.Steps)
	}
	return c.Options.Validate()
}

// shape is that of the input: (N,3,T,H,W), or (N,3,H,W) for images.
func (c StepConfig) shape() []int {
	channels := max(c.Encoder.Channels, 3)
	if c.Encoder.Images && c.Frames == 1 {
		return []int{c.Batch, channels, c.Size, c.Size}
	}
	return []int{c.Batch, channels, c.Frames, c.Size, c.Size}
}

// StepReport is what was measured.
type StepReport struct {
	Encoder     string    `json:"encoder"`
	Precision   string    `json:"precision"`
	Backend     string    `json:"backend"`
	Input       []int     `json:"input"`
	Features    int       `json:"features"`
	Parameters  int       `json:"parameters"` // trained values
	Kernels     int       `json:"kernels"`    // in a step, without the optimizer
	ArenaBytes  int64     `json:"arena_bytes"`
	SetUp       float64   `json:"set_up_seconds"` // weights, graph, gradients, program
	StepSeconds []float64 `json:"step_seconds"`
	StepMin     float64   `json:"step_seconds_min"`
	StepMedian  float64   `json:"step_seconds_median"`
	PeakRSS     int64     `json:"peak_rss_bytes"` // of the process, as the kernel counts
	Loss        float64   `json:"loss"`           // of the last step
	// Profile is where the time went, nil without StepConfig.Profile.
	Profile *plan.Profile `json:"profile,omitempty"`
}

// Step is a training step that can be repeated: features, a linear layer of
// 128 outputs, L2 norm, NT-Xent at temperature 0.5, gradients, SGD (learning
// rate 0.01, momentum 0.9, decay 1e-4 on everything).
type Step struct {
	cfg       StepConfig
	store     *nn.Store
	loss      *gorgonia.Node
	params    []*gorgonia.Node
	grads     []*gorgonia.Node
	features  int
	machine   *plan.Machine
	optimizer optim.Optimizer
	setUp     time.Duration
	steps     int // taken
}

// NewStep builds and compiles a step and uploads its input, random normal
// numbers from the seed. Sizes that the encoder cannot take are an error.
func NewStep(be device.Backend, c StepConfig) (s *Step, err error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil { // graphs panic on shapes that do not fit
			s, err = nil, fmt.Errorf("bench: %s on %v: %v: use larger or longer clips", c.Encoder.Name, c.shape(), p)
		}
	}()
	start := time.Now()
	s = &Step{cfg: c, store: nn.NewStore(device.Float32)}
	x, err := s.build()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	s.machine, err = plan.Compile(be, plan.Options{Train: true, Params: s.store, Precision: c.Precision}, s.outputs()...)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	s.setUp = time.Since(start)
	if err := s.machine.Let(x, normals(x.Shape().TotalSize(), c.Seed)); err != nil {
		return nil, errors.Join(fmt.Errorf("bench: %w", err), s.machine.Close())
	}
	debug.FreeOSMemory() // the host's copy of the input is no part of a step
	return s, nil
}

func (s *Step) build() (x *gorgonia.Node, err error) {
	c := s.cfg
	g := gorgonia.NewGraph()
	scope := nn.NewScope(g, s.store, c.Seed)
	x = nn.Input(g, "input", device.Float32, c.shape()...)
	f := c.Encoder.Build(scope.Sub("encoder"), x, c.Options)
	s.features = f.Shape()[1]
	h := nn.Linear(scope.Sub("head"), f, embedding, true)
	s.loss = loss.NTXent(h, loss.NTXentOptions{Temperature: temperature}).Loss
	s.params = scope.Params()
	if s.grads, err = nn.Grad(s.loss, s.params); err != nil {
		return nil, err
	}
	var trained []optim.Param
	for _, p := range s.params {
		t, _ := s.store.Lookup(p.Name())
		trained = append(trained, optim.Param{Name: t.Name, Data: t.F32, Group: optim.Group{Decay: true}})
	}
	o := optim.Default()
	o.Name, o.Momentum, o.Threads = optim.SGD, momentum, c.Threads
	s.optimizer, err = optim.New(o, trained)
	return x, err
}

func normals(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 0))
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// Machine is the compiled program, for drawings.
func (s *Step) Machine() *plan.Machine { return s.machine }

// WriteGraphDOT draws the graph for Graphviz.
func (s *Step) WriteGraphDOT(w io.Writer) error { return plan.WriteGraphDOT(w, s.outputs()...) }

// outputs are what the program computes: loss and gradients.
func (s *Step) outputs() []*gorgonia.Node { return append([]*gorgonia.Node{s.loss}, s.grads...) }

// Close frees the program.
func (s *Step) Close() error { return s.machine.Close() }

// Run takes one step and returns the loss before it.
func (s *Step) Run() (float64, error) {
	if err := s.machine.SetStep(s.steps); err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	s.steps++
	if err := s.machine.RunAll(); err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	value, err := s.machine.Scalar(s.loss)
	if err != nil {
		return 0, fmt.Errorf("bench: loss: %w", err)
	}
	grads := make([][]float32, len(s.grads))
	for i, g := range s.grads {
		if grads[i], err = s.machine.Float32s(g); err != nil {
			return 0, fmt.Errorf("bench: gradient of %s: %w", s.params[i].Name(), err)
		}
	}
	if err := s.optimizer.Step(optim.Rates{LR: learnRate, WeightDecay: weightDecay}, grads); err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	return value, nil
}

// Measure takes the warm-up steps, then the measured ones. It ends early with
// the context's error.
func (s *Step) Measure(ctx context.Context, be device.Backend) (*StepReport, error) {
	r := &StepReport{
		Encoder: s.cfg.Encoder.Name, Precision: s.cfg.Precision.String(), Backend: be.Name(), Input: s.cfg.shape(),
		Features: s.features, Kernels: s.machine.Steps(), ArenaBytes: s.machine.ArenaBytes(), SetUp: s.setUp.Seconds(),
	}
	for _, p := range s.params {
		r.Parameters += p.Shape().TotalSize()
	}
	for i := range s.cfg.Warmup + s.cfg.Steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if s.cfg.Profile && i == s.cfg.Warmup {
			s.machine.StartProfile()
		}
		start := time.Now()
		value, err := s.Run()
		if err != nil {
			return nil, err
		}
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return nil, fmt.Errorf("bench: the loss of step %d is %v", i+1, value)
		}
		if r.Loss = value; i >= s.cfg.Warmup {
			r.StepSeconds = append(r.StepSeconds, time.Since(start).Seconds())
		}
	}
	r.Profile = s.machine.StopProfile()
	sorted := slices.Sorted(slices.Values(r.StepSeconds))
	r.StepMin, r.StepMedian = sorted[0], (sorted[(len(sorted)-1)/2]+sorted[len(sorted)/2])/2
	var err error
	r.PeakRSS, err = PeakRSS()
	return r, err
}
