package methods_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/optim"

	"gorgonia.org/gorgonia"
)

// What decays is decided by kinds of tensors and by the settings.
func TestTrainableGroups(t *testing.T) {
	store := nn.NewStore(device.Float32)
	s := nn.NewScope(gorgonia.NewGraph(), store, 1)
	nn.BatchNorm(s.Sub("bn"), nn.Linear(s.Sub("fc"), nn.Input(s.Graph(), "x", device.Float32, 2, 3), 4, true))
	s.Param("logit_scale", nil, nn.Zeros, nn.Scalar)
	decaying := func(c optim.Config) (names []string) {
		for _, p := range methods.Trainable(c, store, s.Params()) {
			if p.Group.Decay {
				names = append(names, p.Name)
			}
		}
		return names
	}
	c := optim.Default()
	if got := decaying(c); !slices.Equal(got, []string{"fc.weight"}) {
		t.Errorf("%q decay, want weights alone", got)
	}
	c.ExcludeNormAndBias = false
	if got := decaying(c); !slices.Equal(got, []string{"fc.weight", "fc.bias", "bn.weight", "bn.bias"}) {
		t.Errorf("%q decay, want all but the scale", got)
	}
}

// With the cosine schedule the momentum encoder stops at the end of the run.
func TestMoCoDecaySchedule(t *testing.T) {
	entry, err := methods.Builtin().Lookup("method", "moco-v2")
	if err != nil {
		t.Fatal(err)
	}
	cfg := entry.Config().(*methods.MoCoConfig)
	cfg.QueueSize, cfg.EMADecay, cfg.EMASchedule = 10, 0, optim.Cosine
	method, err := entry.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, combination{"moco-v2", "clip-pairs", nil}, 1)
	r.method, r.env.Steps, r.env.Store = method, 2, nn.NewStore(device.Float32)
	r.build(t)
	t.Cleanup(func() { method.Close() })
	weight := func() float64 {
		for _, s := range method.State() {
			if s.Name == "momentum.encoder.conv.weight" {
				return float64(s.F32[0])
			}
		}
		return math.NaN()
	}
	query, _ := r.env.Store.Lookup("encoder.conv.weight")
	r.step(t, r.batch(1)) // copies
	start, target := weight(), float64(query.F32[0])
	r.step(t, r.batch(2)) // decay .5 at step 1 of 2
	half := weight()
	if want := (start + target) / 2; math.Abs(half-want) > 1e-6 {
		t.Errorf("weight %v after half of the run, want %v", half, want)
	}
	r.step(t, r.batch(3)) // decay 1 at its end
	if got := weight(); got != half {
		t.Errorf("weight %v past the end of the run, want %v", got, half)
	}
	cfg.EMASchedule = "step"
	if _, err := entry.New(cfg); err == nil || !strings.Contains(err.Error(), "moco.ema_schedule") {
		t.Errorf("got %v", err)
	}
}
