package optim

import "fmt"

// Config holds the settings of the optimizer and of its schedules.
type Config struct {
	Name        string  `yaml:"name" doc:"adam, adamw, larc, lars, lars-solo, lars-torch or sgd"`
	LR          float64 `yaml:"lr" doc:"peak learning rate"`
	WeightDecay float64 `yaml:"weight_decay" doc:"apart from the gradient in AdamW, added to it elsewhere"`

	Momentum         float64 `yaml:"momentum" doc:"SGD, LARS, LARC: in [0,1)"`
	Dampening        float64 `yaml:"dampening" doc:"of the gradients that join the momentum, in [0,1]"`
	Nesterov         bool    `yaml:"nesterov" doc:"SGD, LARS, LARC: Nesterov's momentum"`
	TrustCoefficient float64 `yaml:"trust_coefficient" doc:"LARS, LARC: eta; 0 is the published one, .001 (lars-solo .02)"`
	TrustClip        bool    `yaml:"trust_clip" doc:"LARC: no step beyond that of plain SGD (lars-solo: always)"`
	Beta1            float64 `yaml:"beta1" doc:"Adam: decay of the mean gradient, in [0,1)"`
	Beta2            float64 `yaml:"beta2" doc:"Adam: decay of the mean square, in [0,1)"`
	Eps              float64 `yaml:"eps" doc:"added to the root of the mean square (Adam), to the norms (LARC)"`

	ExcludeNormAndBias bool    `yaml:"exclude_norm_and_bias" doc:"no weight decay and no trust ratio on norms, biases and vectors"`
	NormAndBiasLR      float64 `yaml:"norm_and_bias_lr" doc:"what their learning rate is multiplied by"`
	LayerDecay         float64 `yaml:"layer_decay" doc:"what each layer below the top multiplies its rate by, in (0,1]"`

	ClipNorm       float64 `yaml:"clip_norm" doc:"largest norm of all gradients together; 0 is off"`
	ClipTensorNorm float64 `yaml:"clip_tensor_norm" doc:"largest norm of each tensor's gradient (DINO); 0 is off"`
	ClipValue      float64 `yaml:"clip_value" doc:"largest magnitude of an element; 0 is off"`

	Schedule        string    `yaml:"schedule" doc:"constant, cosine, linear, polynomial or step"`
	WarmupSteps     int       `yaml:"warmup_steps" doc:"steps of a linear rise to lr"`
	WarmupStart     float64   `yaml:"warmup_start" doc:"where it begins, as a share of lr"`
	FinalLR         float64   `yaml:"final_lr" doc:"where cosine, linear and polynomial end, as a share of lr"`
	Power           float64   `yaml:"power" doc:"polynomial: its exponent"`
	Milestones      []float64 `yaml:"milestones" doc:"step: fractions of the run after which lr falls"`
	MilestoneFactor float64   `yaml:"milestone_factor" doc:"step: what each milestone multiplies lr by"`

	WeightDecaySchedule string  `yaml:"weight_decay_schedule" doc:"constant, or cosine to weight_decay_end (DINO)"`
	WeightDecayEnd      float64 `yaml:"weight_decay_end" doc:"where weight_decay_schedule ends"`

	// Accumulate is the number of batches whose gradients are averaged for one
	// step; 0 and 1 are one. The optimizer sees what one batch of all their
	// videos would give, but contrastive losses find their negatives, and batch
	// norm its statistics, within each batch alone.
	Accumulate int `yaml:"accumulate" doc:"batches whose gradients are added up to one step; each is contrasted by itself"`

	Threads int `yaml:"-"` // goroutines of a step; 0 is one for each core
}

// Default returns the settings that the shipped recipes start from.
func Default() Config {
	return Config{
		Name: AdamW, LR: .003, WeightDecay: 1e-4, Momentum: .9,
		Beta1: .9, Beta2: .999, Eps: 1e-8, ExcludeNormAndBias: true, NormAndBiasLR: 1, LayerDecay: 1,
		Schedule: Cosine, WarmupSteps: 20, Power: 1, Milestones: []float64{.6, .8}, MilestoneFactor: .1,
		WeightDecaySchedule: Constant,
	}
}

// Batches is the number of batches in a step, at least 1.
func (c Config) Batches() int { return max(1, c.Accumulate) }

// Validate says which setting is out of range, and what would be in it.
func (c Config) Validate() error {
	if docs[c.Name] == "" {
		return unknownName(c.Name)
	}
	for _, s := range c.ranges() {
		if !s.valid || s.value > maxSetting {
			return fmt.Errorf("optim: %s is %v: set optimizer.%s to a number %s", s.name, s.value, s.name, s.want)
		}
	}
	if c.Nesterov && c.Momentum == 0 {
		return fmt.Errorf("optim: nesterov needs a momentum above 0: set optimizer.momentum or turn optimizer.nesterov off")
	}
	if c.Nesterov && c.Dampening > 0 {
		return fmt.Errorf("optim: nesterov and a dampening of %v exclude each other: set optimizer.dampening to 0 or turn optimizer.nesterov off", c.Dampening)
	}
	return c.validateSchedule()
}

// bounded is a number with its range.
type bounded struct {
	name  string
	value float64
	valid bool
	want  string
}

func (c Config) ranges() []bounded {
	return []bounded{
		{"lr", c.LR, c.LR >= 0, "at least 0"},
		{"weight_decay", c.WeightDecay, c.WeightDecay >= 0, "at least 0"},
		{"momentum", c.Momentum, c.Momentum >= 0 && c.Momentum < 1, "in [0,1)"},
		{"dampening", c.Dampening, c.Dampening >= 0 && c.Dampening <= 1, "in [0,1]"},
		{"trust_coefficient", c.TrustCoefficient, c.TrustCoefficient >= 0, "at least 0 (0 is the published one)"},
		{"beta1", c.Beta1, c.Beta1 >= 0 && c.Beta1 < 1, "in [0,1)"},
		{"beta2", c.Beta2, c.Beta2 >= 0 && c.Beta2 < 1, "in [0,1)"},
		{"eps", c.Eps, c.Eps >= 0, "at least 0"},
		{"norm_and_bias_lr", c.NormAndBiasLR, c.NormAndBiasLR > 0, "above 0 (1 is off)"},
		{"layer_decay", c.LayerDecay, c.LayerDecay > 0 && c.LayerDecay <= 1, "in (0,1] (1 is off)"},
		{"clip_norm", c.ClipNorm, c.ClipNorm >= 0, "at least 0 (0 is off)"},
		{"clip_tensor_norm", c.ClipTensorNorm, c.ClipTensorNorm >= 0, "at least 0 (0 is off)"},
		{"clip_value", c.ClipValue, c.ClipValue >= 0, "at least 0 (0 is off)"},
		{"warmup_start", c.WarmupStart, c.WarmupStart >= 0, "at least 0"},
		{"final_lr", c.FinalLR, c.FinalLR >= 0, "at least 0"},
		{"power", c.Power, c.Power > 0, "above 0"},
		{"milestone_factor", c.MilestoneFactor, c.MilestoneFactor >= 0, "at least 0"},
		{"accumulate", float64(c.Accumulate), c.Accumulate >= 0, "at least 0 (0 and 1 are one batch a step)"},
		{"weight_decay_end", c.WeightDecayEnd, c.WeightDecayEnd >= 0, "at least 0"},
	}
}

// maxSetting keeps infinities out; no setting is meant to come near it.
const maxSetting = 1e12
