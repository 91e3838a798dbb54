package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/nn/plan"
	"github.com/clvid/clvid/pretext"
	"github.com/clvid/clvid/text"
)

// plainEncoder sees each video alone, and draws at random with a rate above 0.
func plainEncoder(rate float64) encoder.Entry {
	return encoder.Entry{
		Name: "plain", Features: func(encoder.Config) int { return 8 },
		Build: func(s nn.Scope, x *gorgonia.Node, _ encoder.Config) *gorgonia.Node {
			x = nn.Conv(s.Sub("conv"), x, nn.ConvConfig{Out: 8, Kernel: []int{1, 3, 3}, Stride: []int{1, 2, 2}, Pad: []int{0, 1, 1}})
			return nn.Dropout(s, nn.GlobalMean(nn.ReLU(x)), rate)
		},
	}
}

// splitRig is a method over a batch of 6 videos, without statistics of the batch.
type splitRig struct {
	env    *methods.Env
	method methods.Splitter
	batch  *methods.Batch
}

func newSplitRig(t *testing.T, method, task string, dtype device.DType, rate float64) *splitRig {
	t.Helper()
	const n, length = 6, 3
	clip := media.ClipConfig{Frames: 4, Stride: 1, Size: 8, Input: media.InputDiff}
	made, err := pretext.NewTask(pretext.Builtin(), task, nil, pretext.Env{Clip: clip, Augment: media.NoAugment(), Classes: 3})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := methods.Builtin().Lookup("method", method)
	if err != nil {
		t.Fatal(err)
	}
	var cfg any
	if entry.Config != nil {
		cfg = entry.Config()
	}
	m, err := entry.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	be, err := cpu.Open(cpu.Options{Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	r := &splitRig{method: m.(methods.Splitter), env: &methods.Env{
		Parts: []pretext.Part{{Name: task, Weight: 1, Task: made}}, N: n, Clip: clip.Shape(), Encoder: plainEncoder(rate), Seed: 5,
		Projector: methods.Projector{Out: 6, Layers: 1}, Store: nn.NewStore(dtype), Backend: be,
		Text: &methods.Text{Config: text.Config{Length: length, Dim: 5, Hidden: 7, Out: 6}, Vocab: 9},
	}}
	rng := rand.New(rand.NewPCG(1, 2))
	views := r.env.Views()
	b := &methods.Batch{N: n, Views: len(views), Targets: make([][]int32, len(views)), Indices: make([]int, n)}
	for range len(views) * n * r.env.Clip[0] * r.env.Clip[1] * r.env.Clip[2] * r.env.Clip[3] {
		b.Clips = append(b.Clips, float32(rng.NormFloat64()))
	}
	for i := range n {
		b.Captions = append(b.Captions, fmt.Sprint("caption ", i%5)) // the last is the first again
		for range length {
			b.Tokens, b.Mask = append(b.Tokens, rng.Int32N(9)), append(b.Mask, 1)
		}
		b.Targets[0] = append(b.Targets[0], int32(i%3))
	}
	r.batch = b
	return r
}

// whole computes loss and gradients at once.
func whole[T optim.Float](t *testing.T, r *splitRig) (loss float64, grads map[string][]T) {
	t.Helper()
	g, err := r.method.Build(r.env)
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := nn.Grad(g.Loss, g.Params)
	if err != nil {
		t.Fatal(err)
	}
	m, err := plan.Compile(r.env.Backend, plan.Options{Train: true, Params: r.env.Store}, append([]*gorgonia.Node{g.Loss}, nodes...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := r.method.Feed(r.batch, binder[T](m)); err != nil {
		t.Fatal(err)
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	loss, err = m.Scalar(g.Loss)
	if err != nil {
		t.Fatal(err)
	}
	grads = map[string][]T{}
	for i, n := range nodes {
		v, err := read[T](m, n)
		if err != nil {
			t.Fatal(err)
		}
		grads[g.Params[i].Name()] = slices.Clone(v)
	}
	return loss, grads
}

// cachedLoss runs a cached step and returns its loss.
func cachedLoss[T optim.Float](t *testing.T, c *cachedStep[T], b *methods.Batch, step int) float64 {
	t.Helper()
	if err := c.run(b, step); err != nil {
		t.Fatal(err)
	}
	loss, err := c.loss.Scalar(c.graph.Loss)
	if err != nil {
		t.Fatal(err)
	}
	return loss
}

// equalInParts compares a batch at once with micro-batches of every size, twice
// each, so that nothing is left of the step before.
func equalInParts[T optim.Float](t *testing.T, r *splitRig, tolerance float64) {
	t.Helper()
	loss, want := whole[T](t, r)
	for _, n := range []int{1, 2, 3, 6} {
		c, err := newCachedStep[T](r.method, r.env, n)
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		for step := range 2 {
			if got := cachedLoss(t, c, r.batch, step); math.Abs(got-loss) > tolerance*loss {
				t.Errorf("%d at a time: loss %v, want %v", n, got, loss)
			}
		}
		grads, err := c.gradients()
		if err != nil {
			t.Fatal(err)
		}
		if len(grads) != len(want) {
			t.Errorf("%d gradients, want %d", len(grads), len(want))
		}
		for i, p := range c.graph.Params {
			largest, worst := 0., 0.
			for j, w := range want[p.Name()] {
				largest, worst = max(largest, math.Abs(float64(w))), max(worst, math.Abs(float64(grads[i][j]-w)))
			}
			if !(worst <= tolerance*largest) || largest == 0 {
				t.Errorf("%d at a time: gradient of %s off by %.2g of %.2g", n, p.Name(), worst, largest)
			}
		}
	}
}

func TestMicroBatchesEqualTheBatch(t *testing.T) {
	for _, tc := range []struct{ method, task string }{{"simclr", "clip-pairs"}, {"clip", "video-text"}, {"supervised", "action-recognition"}} {
		t.Run(tc.method, func(t *testing.T) {
			// Sums over the batch in another order.
			equalInParts[float64](t, newSplitRig(t, tc.method, tc.task, device.Float64, 0), 1e-12)
			equalInParts[float32](t, newSplitRig(t, tc.method, tc.task, device.Float32, 0), 1e-5)
		})
	}
}

// With dropout the gradient is right only if both passes draw the same: it is
// that of differences of the loss. Steps draw apart from each other.
func TestMicroBatchesDrawTheSameTwice(t *testing.T) {
	r := newSplitRig(t, "simclr", "clip-pairs", device.Float64, .4)
	c, err := newCachedStep[float64](r.method, r.env, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if cachedLoss(t, c, r.batch, 1) == cachedLoss(t, c, r.batch, 2) {
		t.Error("two steps drew the same")
	}
	cachedLoss(t, c, r.batch, 1)
	grads, err := c.gradients()
	if err != nil {
		t.Fatal(err)
	}
	grads = [][]float64{slices.Clone(grads[0])}
	w, _ := r.env.Store.Lookup(c.graph.Params[0].Name())
	for j := range 5 {
		const h = 1e-5
		start := w.F64[j]
		w.F64[j] = start + h
		up := cachedLoss(t, c, r.batch, 1)
		w.F64[j] = start - h
		down := cachedLoss(t, c, r.batch, 1)
		w.F64[j] = start
		if want := (up - down) / (2 * h); math.Abs(grads[0][j]-want) > 1e-7 {
			t.Errorf("gradient %d is %v, differences give %v", j, grads[0][j], want)
		}
	}
}

// Running statistics take part in one pass of the two: each micro-batch moves
// them once.
func TestMicroBatchesMoveStatisticsOnce(t *testing.T) {
	r := newSplitRig(t, "simclr", "clip-pairs", device.Float32, 0)
	r.env.Encoder = tinyEncoder
	at := func(run func(c *cachedStep[float32])) []float32 {
		r.env.Store = nn.NewStore(device.Float32)
		c, err := newCachedStep[float32](r.method, r.env, 2)
		if err != nil {
			t.Fatal(err)
		}
		defer c.close()
		if !c.normalises() {
			t.Error("batch norm went unseen")
		}
		run(c)
		mean, _ := r.env.Store.Lookup("encoder.bn.running_mean")
		return slices.Clone(mean.F32)
	}
	got := at(func(c *cachedStep[float32]) { cachedLoss(t, c, r.batch, 0) })
	want := at(func(c *cachedStep[float32]) {
		for k := range c.parts {
			if err := c.feed(c.forward, r.batch, 0, k); err != nil {
				t.Fatal(err)
			}
		}
	})
	if !slices.Equal(got, want) || slices.Max(got) == 0 {
		t.Errorf("running means %v, want %v", got, want)
	}
}

func TestMicroBatchRefusals(t *testing.T) {
	decoder, items := movies(10)
	for want, change := range map[string]func(s *Setup){
		"do not divide a batch of 4":       func(s *Setup) { s.MicroBatch = 3 },
		"this method takes no micro_batch": func(s *Setup) { s.MicroBatch = 2 },
	} {
		method := "simclr"
		if strings.Contains(want, "takes no") {
			method = "moco-v2"
		}
		s := setup(t, variant{method: method, decoder: decoder, items: items})
		change(&s)
		if _, err := New(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// A run in micro-batches resumes bit for bit, and warns of batch norm.
func TestMicroBatchesResume(t *testing.T) {
	decoder, items := movies(10)
	start := func(dir string, resume bool, ctx context.Context, watch *recorder) error {
		s := setup(t, variant{method: "simclr", dir: dir, resume: resume, decoder: decoder, items: items, watch: watch})
		s.MicroBatch = 2
		_, err := Run(ctx, s)
		return err
	}
	one, other := t.TempDir(), t.TempDir()
	watch := &recorder{}
	if err := start(one, false, t.Context(), watch); err != nil {
		t.Fatal(err)
	}
	if len(watch.warnings) == 0 || !strings.Contains(watch.warnings[0], "batch norm sees 2 videos at a time") {
		t.Errorf("warnings %q", watch.warnings)
	}
	ctx, cancel := context.WithCancel(t.Context())
	stopping := &recorder{after: func(step int) {
		if step == 5 {
			cancel()
		}
	}}
	if err := start(other, false, ctx, stopping); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if err := start(other, true, t.Context(), &recorder{}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(weights(t, one), weights(t, other)) {
		t.Error("a resumed run has other weights")
	}
}
