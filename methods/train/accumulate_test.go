package train

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/pretext"
)

// lonelyEncoder has neither batch norm nor dropout, so that a sample's gradient
// does not depend on its batch.
var lonelyEncoder = encoder.Entry{
	Name: "plain", Features: func(encoder.Config) int { return 8 },
	Build: func(s nn.Scope, x *gorgonia.Node, _ encoder.Config) *gorgonia.Node {
		x = nn.Conv(s.Sub("conv"), x, nn.ConvConfig{Out: 8, Kernel: []int{1, 3, 3}, Bias: true})
		return nn.GlobalMean(nn.ReLU(x))
	},
}

// supervisedRun trains a linear classifier on the features, on 6 videos a step.
func supervisedRun(t *testing.T, batches int) *recorder {
	t.Helper()
	decoder, items := movies(13)
	for i := range items {
		items[i].Class = i % 3
	}
	watch := &recorder{}
	s := setup(t, variant{method: "simclr", decoder: decoder, items: items, watch: watch})
	clip := media.ClipConfig{Frames: 4, Stride: 1, Size: 8, Input: media.InputDiff}
	task, err := pretext.NewTask(pretext.Builtin(), "action-recognition", nil, pretext.Env{Clip: clip, Augment: media.DefaultAugment(), Classes: 3})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := methods.Builtin().Lookup("method", "supervised")
	if err != nil {
		t.Fatal(err)
	}
	if s.Method, err = entry.New(entry.Config()); err != nil {
		t.Fatal(err)
	}
	parts := []pretext.Part{{Name: "action-recognition", Weight: 1, Task: task}}
	s.Env.Parts, s.Source.Parts, s.Env.Encoder = parts, parts, lonelyEncoder
	s.Env.N, s.Optim.Accumulate = 6/batches, batches
	s.Optim.Name, s.Optim.LR, s.Optim.WarmupSteps = "sgd", .1, 0
	if _, err := Run(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return watch
}

// Steps of several batches walk where those of one batch of all their videos do.
func TestAccumulateEqualsOneBatch(t *testing.T) {
	whole := supervisedRun(t, 1)
	for _, batches := range []int{2, 3, 6} {
		parts := supervisedRun(t, batches)
		for i := range whole.losses {
			if d := math.Abs(whole.losses[i] - parts.losses[i]); d > 1e-4 { // float32 sums in another order, over 14 steps
				t.Fatalf("step %d in %d batches: loss %g, in one %g", i+1, batches, parts.losses[i], whole.losses[i])
			}
		}
	}
}

// An interruption within a step waits for its end.
func TestAccumulateIsNotInterrupted(t *testing.T) {
	decoder, items := movies(10)
	ctx, cancel := context.WithCancel(t.Context())
	s := setup(t, variant{method: "moco-v2", batches: 3, decoder: decoder, items: items, dir: t.TempDir()})
	s.Method = &cancelling{Method: s.Method, cancel: cancel}
	_, err := Run(ctx, s)
	if !errors.Is(err, ErrInterrupted) || !strings.Contains(err.Error(), "at step 1 of 14") {
		t.Errorf("error %v, want an interruption at step 1", err)
	}
}

// cancelling ends the run at the first batch.
type cancelling struct {
	methods.Method
	cancel func()
}

func (c *cancelling) Feed(b *methods.Batch, bind methods.Bind) error {
	c.cancel()
	return c.Method.Feed(b, bind)
}

func TestAccumulateNeedsVideos(t *testing.T) {
	decoder, items := movies(10)
	_, err := New(setup(t, variant{method: "simclr", batches: 6, decoder: decoder, items: items}))
	if err == nil || !strings.Contains(err.Error(), "lower optimizer.accumulate to at most 5") {
		t.Errorf("error %v", err)
	}
	both := setup(t, variant{method: "simclr", batches: 2, decoder: decoder, items: items})
	both.MicroBatch = 1
	if _, err := New(both); err == nil || !strings.Contains(err.Error(), "exclude each other") {
		t.Errorf("with micro_batch: error %v", err)
	}
}
