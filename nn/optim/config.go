package optim

import "fmt"

// Config holds the settings of the optimizer and of its learning rate.
type Config struct {
	Name               string    `yaml:"name"`                  // adamw or sgd
	LR                 float64   `yaml:"lr"`                    // peak learning rate
	WeightDecay        float64   `yaml:"weight_decay"`          // decoupled in AdamW, added to the gradient in SGD
	Momentum           float64   `yaml:"momentum"`              // SGD, in [0,1)
	Nesterov           bool      `yaml:"nesterov"`              // SGD
	Beta1              float64   `yaml:"beta1"`                 // AdamW: decay of the mean gradient, in [0,1)
	Beta2              float64   `yaml:"beta2"`                 // AdamW: decay of the mean square, in [0,1)
	Eps                float64   `yaml:"eps"`                   // AdamW: added to the root of the mean square
	ExcludeNormAndBias bool      `yaml:"exclude_norm_and_bias"` // no weight decay on norm parameters and biases
	ClipNorm           float64   `yaml:"clip_norm"`             // largest norm of all gradients together; 0 is off
	Schedule           string    `yaml:"schedule"`              // cosine, constant or step
	WarmupSteps        int       `yaml:"warmup_steps"`          // linear rise to lr
	Milestones         []float64 `yaml:"milestones"`            // step: fractions of the run after which lr falls
	MilestoneFactor    float64   `yaml:"milestone_factor"`      // step: what each milestone multiplies lr by
	Threads            int       `yaml:"-"`                     // goroutines of a step; 0 is one for each core
}

// Default returns the settings that the shipped recipes start from.
func Default() Config {
	return Config{
		Name: "adamw", LR: .003, WeightDecay: 1e-4, Momentum: .9,
		Beta1: .9, Beta2: .999, Eps: 1e-8, ExcludeNormAndBias: true,
		Schedule: "cosine", WarmupSteps: 20, Milestones: []float64{.6, .8}, MilestoneFactor: .1,
	}
}

// Validate says which setting is out of range, and what would be in it.
func (c Config) Validate() error {
	if c.Name != "sgd" && c.Name != "adamw" {
		return unknownName(c.Name)
	}
	for _, s := range []struct {
		name  string
		value float64
		valid bool
		want  string
	}{
		{"lr", c.LR, c.LR >= 0, "at least 0"},
		{"weight_decay", c.WeightDecay, c.WeightDecay >= 0, "at least 0"},
		{"momentum", c.Momentum, c.Momentum >= 0 && c.Momentum < 1, "in [0,1)"},
		{"beta1", c.Beta1, c.Beta1 >= 0 && c.Beta1 < 1, "in [0,1)"},
		{"beta2", c.Beta2, c.Beta2 >= 0 && c.Beta2 < 1, "in [0,1)"},
		{"eps", c.Eps, c.Eps >= 0, "at least 0"},
		{"clip_norm", c.ClipNorm, c.ClipNorm >= 0, "at least 0 (0 is off)"},
	} {
		if !s.valid || s.value > maxSetting {
			return fmt.Errorf("optim: %s is %v: set optimizer.%s to a number %s", s.name, s.value, s.name, s.want)
		}
	}
	if c.Nesterov && c.Momentum == 0 {
		return fmt.Errorf("optim: nesterov needs a momentum above 0: set optimizer.momentum or turn optimizer.nesterov off")
	}
	return c.validateSchedule()
}

// maxSetting keeps infinities out; no setting is meant to come near it.
const maxSetting = 1e12
