package optim

import (
	"math"
	"strings"
	"testing"
)

func TestValidateNamesTheSetting(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Fatalf("the defaults are refused: %v", err)
	}
	for _, tc := range []struct {
		change func(c *Config)
		want   string
	}{
		{func(c *Config) { c.Name = "adamax" }, "optimizer.name to one of adam, adamw, larc, lars, lars-solo, lars-torch, sgd"},
		{func(c *Config) { c.LR = -1 }, "optimizer.lr"},
		{func(c *Config) { c.LR = math.NaN() }, "optimizer.lr"},
		{func(c *Config) { c.LR = math.Inf(1) }, "optimizer.lr"},
		{func(c *Config) { c.WeightDecay = -1 }, "optimizer.weight_decay"},
		{func(c *Config) { c.Momentum = 1 }, "optimizer.momentum"},
		{func(c *Config) { c.Nesterov, c.Momentum = true, 0 }, "optimizer.nesterov"},
		{func(c *Config) { c.Dampening = 2 }, "optimizer.dampening"},
		{func(c *Config) { c.Nesterov, c.Dampening = true, .1 }, "optimizer.dampening"},
		{func(c *Config) { c.TrustCoefficient = -1 }, "optimizer.trust_coefficient"},
		{func(c *Config) { c.NormAndBiasLR = 0 }, "optimizer.norm_and_bias_lr"},
		{func(c *Config) { c.LayerDecay = 1.1 }, "optimizer.layer_decay"},
		{func(c *Config) { c.LayerDecay = 0 }, "optimizer.layer_decay"},
		{func(c *Config) { c.ClipTensorNorm = -1 }, "optimizer.clip_tensor_norm"},
		{func(c *Config) { c.ClipValue = math.NaN() }, "optimizer.clip_value"},
		{func(c *Config) { c.WarmupStart = -1 }, "optimizer.warmup_start"},
		{func(c *Config) { c.FinalLR = -1 }, "optimizer.final_lr"},
		{func(c *Config) { c.Power = 0 }, "optimizer.power"},
		{func(c *Config) { c.WeightDecaySchedule = "step" }, "optimizer.weight_decay_schedule"},
		{func(c *Config) { c.WeightDecayEnd = -1 }, "optimizer.weight_decay_end"},
		{func(c *Config) { c.Beta1 = 1 }, "optimizer.beta1"},
		{func(c *Config) { c.Beta2 = -.1 }, "optimizer.beta2"},
		{func(c *Config) { c.Eps = -1 }, "optimizer.eps"},
		{func(c *Config) { c.ClipNorm = -1 }, "optimizer.clip_norm"},
		{func(c *Config) { c.Schedule = "cosin" }, "optimizer.schedule"},
		{func(c *Config) { c.WarmupSteps = -1 }, "optimizer.warmup_steps"},
		{func(c *Config) { c.Milestones = []float64{.5, 2} }, "optimizer.milestones"},
		{func(c *Config) { c.MilestoneFactor = -1 }, "optimizer.milestone_factor"},
	} {
		c := Default()
		tc.change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want an error with %q", err, tc.want)
		}
	}
}
