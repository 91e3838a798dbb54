// Package configs makes one typed, checked configuration out of defaults, an
// embedded preset, a file, the environment and flags. It learns the settings of
// methods and pretext tasks from their registries, so that adding one needs no
// edit here. An unknown key or a value of the wrong type is an error that names
// the place, the value, what is wanted and the nearest key.
package configs

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/dataset"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/text"
)

// Config holds all settings of a run. Zero workers and threads mean one for
// each core. Of Epochs and Steps exactly one is above 0.
type Config struct {
	Task     string            `yaml:"task" doc:"pretext tasks with weights: clip-pairs=1,frame-order=0.5"`
	Method   string            `yaml:"method" doc:"how views become a loss, as clvid list methods tells"`
	Encoder  string            `yaml:"encoder" doc:"backbone, as clvid list encoders tells"`
	InitFrom string            `yaml:"init_from" doc:"checkpoint or run whose encoder to start from; '' is initial values"`
	Data     string            `yaml:"data" doc:"folder, manifest, annotations or shards, as clvid list formats tells"`
	Split    []string          `yaml:"split" doc:"rows to train on; empty: unlabelled, else train"`
	Where    map[string]string `yaml:"where" doc:"column: value that rows must have"`
	Out      string            `yaml:"out" doc:"folder of the run"`
	Seed     uint64            `yaml:"seed" doc:"from which all randomness follows"`

	Epochs int `yaml:"epochs" doc:"passes over the data, in place of steps"`
	Steps  int `yaml:"steps" doc:"to train, in place of epochs"`
	Batch  int `yaml:"batch" doc:"videos in a step"`
	// MicroBatch bounds memory: so many videos, a divisor of Batch, go through the
	// networks at a time, while the loss compares all.
	MicroBatch int `yaml:"micro_batch" doc:"videos that go through the networks at a time, a divisor of batch; 0 is all"`

	Workers int    `yaml:"workers" doc:"decoders, 0 is one a core; the result does not depend on them"`
	Threads int    `yaml:"threads" doc:"of training, 0 is one a core; part of the result"`
	Device  string `yaml:"device" doc:"that trains: cpu"`
	// Precision is a name of device.ParsePrecision.
	Precision string `yaml:"precision" doc:"of products: f32, or bf16 where the processor multiplies it; part of the result"`

	CheckpointEvery int     `yaml:"checkpoint_every" doc:"steps between checkpoints"`
	LogEvery        int     `yaml:"log_every" doc:"steps between lines of progress"`
	Check           string  `yaml:"check" doc:"how files are looked at first: auto, full or index"`
	MaxBad          float64 `yaml:"max_bad" doc:"share of files that may be unreadable, in [0,1]"`
	MinSound        float64 `yaml:"min_sound" doc:"share of a damaged file's frames that must be sound for the check to keep it, in [0,1]; 1 keeps none"`

	Dataset        dataset.Options     `yaml:"dataset" doc:"how the data are laid out, where they leave it open"`
	Clip           media.ClipConfig    `yaml:"media" doc:"the clips"`
	Augment        media.AugmentConfig `yaml:"augment" doc:"how views of a clip differ"`
	Decode         Decode              `yaml:"decode" doc:"what one file may cost"`
	EncoderOptions encoder.Config      `yaml:"encoder_options" doc:"of the backbone"`
	Projector      methods.Projector   `yaml:"projector" doc:"the head that is contrasted and thrown away"`
	Optimizer      optim.Config        `yaml:"optimizer" doc:"how parameters move"`
	Eval           Eval                `yaml:"eval" doc:"kNN, linear probe and retrieval"`
	Finetune       Finetune            `yaml:"finetune" doc:"training with labels"`
	Text           text.Config         `yaml:"text" doc:"the caption side"`

	// Sections are the settings of methods and tasks by key: pointers to the
	// structs that Source.Sections made.
	Sections map[string]any `yaml:"-"`

	// Given has a key for each setting that a source names, true where the
	// environment or a flag does.
	Given map[string]bool `yaml:"-"`
}

// Sections makes the default settings of methods and tasks: a function for each
// key that returns a new pointer to a struct.
type Sections map[string]func() any

// Default returns the settings below all sources: the recipe of the synthetic
// set without data and place.
func Default(sections Sections) *Config {
	c := &Config{
		Task: "frame-order", Method: "simclr", Encoder: "r3d-10",
		Steps: 200, Batch: 48, Device: "cpu", Precision: "f32",
		CheckpointEvery: 50, LogEvery: 10, Check: CheckAuto, MaxBad: .1, MinSound: .5,
		Clip: media.DefaultClip(), Augment: media.DefaultAugment(), Decode: DefaultDecode(),
		EncoderOptions: encoder.Default(), Projector: methods.Projector{Hidden: 128, Out: 64, Layers: 2},
		Optimizer: optim.Default(), Eval: DefaultEval(), Finetune: DefaultFinetune(), Text: text.DefaultConfig(),
		Sections: map[string]any{},
	}
	for name, section := range sections {
		c.Sections[name] = section()
	}
	return c
}

// The values of Config.Check: how every file is looked at before the first step.
const (
	CheckAuto  = "auto"  // full for up to 5,000 files, else index
	CheckFull  = "full"  // decode all frames once
	CheckIndex = "index" // read packets only
)

// Validate checks ranges: its own settings first, then every section that has a
// Validate method.
func (c *Config) Validate() error {
	if err := c.validateOwn(); err != nil {
		return err
	}
	parts := []any{c.Dataset, c.Clip, c.Augment, c.Decode, c.EncoderOptions, c.Projector, c.Optimizer, c.Eval, c.Finetune, c.Text}
	for _, name := range slices.Sorted(maps.Keys(c.Sections)) {
		parts = append(parts, c.Sections[name])
	}
	for _, part := range parts {
		if v, ok := part.(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				return fmt.Errorf("configs: %w", err)
			}
		}
	}
	return nil
}

func (c *Config) validateOwn() error {
	switch {
	case c.Steps < 0 || c.Epochs < 0:
		return fmt.Errorf("configs: steps is %d and epochs is %d, want at least 1 of one of them", c.Steps, c.Epochs)
	case c.Steps == 0 && c.Epochs == 0:
		return fmt.Errorf("configs: neither steps nor epochs is set: set one to at least 1")
	case c.Batch < 1:
		return fmt.Errorf("configs: batch is %d videos, want at least 1 (contrast needs 2)", c.Batch)
	case c.MicroBatch < 0 || c.MicroBatch > 0 && c.Batch%c.MicroBatch != 0:
		return fmt.Errorf("configs: micro_batch is %d videos, want a divisor of batch %d, or 0 for none", c.MicroBatch, c.Batch)
	case c.Workers < 0 || c.Threads < 0:
		return fmt.Errorf("configs: workers is %d and threads is %d, want 0 (one for each core) or more", c.Workers, c.Threads)
	case !slices.Contains(device.Precisions(), c.Precision):
		return fmt.Errorf("configs: precision is %q, want %s", c.Precision, strings.Join(device.Precisions(), " or "))
	case c.CheckpointEvery < 1 || c.LogEvery < 1:
		return fmt.Errorf("configs: checkpoint_every is %d and log_every is %d steps, want at least 1", c.CheckpointEvery, c.LogEvery)
	case c.Check != CheckAuto && c.Check != CheckFull && c.Check != CheckIndex:
		return fmt.Errorf("configs: check is %q, want %s, %s or %s", c.Check, CheckAuto, CheckFull, CheckIndex)
	case !(c.MaxBad >= 0 && c.MaxBad <= 1):
		return fmt.Errorf("configs: max_bad is %g, want a share of the files from 0 to 1", c.MaxBad)
	case !(c.MinSound >= 0 && c.MinSound <= 1):
		return fmt.Errorf("configs: min_sound is %g, want a share of a file's frames from 0 to 1", c.MinSound)
	}
	return nil
}
