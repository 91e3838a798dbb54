// Package encoder holds the backbones: functions from clips (N,C,T,H,W) to
// features (N,D). Heads belong to the methods. State-dict names are those of
// the published weights, so that these load where they exist.
package encoder

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/internal/registry"
	"github.com/clvid/clvid/nn"
)

// Config holds the settings that encoders share. An encoder without a part
// ignores the setting of it; its Doc says what it has.
type Config struct {
	Width int  `yaml:"width" doc:"channels of the first stage; 0 is the encoder's own"`
	Pool  bool `yaml:"pool" doc:"keep the max-pool behind the stem; small pictures do better without"`
	// Recompute drops the activations inside blocks and computes them again for
	// the backward pass: less memory, more time, the same bits.
	Recompute bool `yaml:"recompute" doc:"compute activations inside blocks again in the backward pass: less memory, more time"`

	// Of transformers; 0 is the encoder's own.
	Layers  int `yaml:"layers" doc:"transformers: 0 is the encoder's own"`
	Heads   int `yaml:"heads" doc:"transformers: divides the width"`
	Patch   int `yaml:"patch" doc:"transformers: side of patches in px"`
	Tubelet int `yaml:"tubelet" doc:"vivit: frames of a patch"`
	// TableSize and TableTime are the side in px and the number of frames that
	// position tables are made for, and interpolated from; 0: those of the input.
	TableSize int    `yaml:"table_size" doc:"side in px that position tables are made for; 0: the input's"`
	TableTime int    `yaml:"table_time" doc:"frames that position tables are made for; 0: the input's"`
	Attention string `yaml:"attention" doc:"timesformer: divided, joint or space; '' is divided"`
	// DropPath is that of the last block; nothing is left out in evaluation.
	DropPath float64 `yaml:"drop_path" doc:"transformers: probability that training leaves out what a block adds to a sample, rising from 0 to this over the blocks"`

	CIFARStem bool    `yaml:"cifar_stem" doc:"resnet: 3x3 stem without stride and pool, for pictures of 32 px"`
	SKRatio   float64 `yaml:"sk_ratio" doc:"resnet: selective kernels and ResNet-D of SimCLRv2, published 0.0625; 0: none"`

	Gating bool `yaml:"gating" doc:"s3d: gates, as in S3D-G"`

	Alpha        int `yaml:"alpha" doc:"slowfast: fast frames for each slow one; 0: 4, published also 8"`
	Beta         int `yaml:"beta" doc:"slowfast: slow channels for each fast one; 0: 8"`
	FusionKernel int `yaml:"fusion_kernel" doc:"slowfast: frames that a fusion reaches over, odd; 0: 7"`
}

// block is f(x), one residual or transformer block: every encoder builds its
// blocks through it, for Config.Recompute.
func (c Config) block(x *gorgonia.Node, f func(x *gorgonia.Node) *gorgonia.Node) *gorgonia.Node {
	if c.Recompute {
		return nn.Recompute(x, f)
	}
	return f(x)
}

// Default returns each encoder as published.
func Default() Config { return Config{Pool: true} }

// maxWidth is past any published encoder.
const maxWidth = 1024

// Validate checks the ranges.
func (c Config) Validate() error {
	if c.Width < 0 || c.Width > maxWidth {
		return fmt.Errorf("encoder: width %d: set encoder_options.width to 1 to %d, or to 0 for the encoder's own", c.Width, maxWidth)
	}
	if !(c.SKRatio >= 0 && c.SKRatio <= 1) {
		return fmt.Errorf("encoder: selective-kernel ratio %g: set encoder_options.sk_ratio to more than 0 and at most 1, or to 0 for none", c.SKRatio)
	}
	if err := c.validateSlowFast(); err != nil {
		return err
	}
	if err := c.validateDropPath(); err != nil {
		return err
	}
	return c.validateTransformer()
}

// Entry describes one encoder.
type Entry struct {
	Name     string
	Doc      string // one line
	Channels int    // channels C that it wants, 0 for any
	// Images tells that Build takes images (N,C,H,W) too; clips then go through
	// frame by frame.
	Images   bool
	Features func(c Config) int // D
	// Build maps x (N,C,T,H,W) to features (N,D), not normalised.
	Build func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node
	// Stages are the feature maps (N,C,T,H,W) behind the stem and each stage,
	// the finest first; nil where an encoder has none.
	Stages func(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node
	// Classifier is the name of the linear layer on the features in published
	// weights, which Build leaves out; "" where they have none.
	Classifier string
}

// EntryName makes an Entry fit a registry.Table.
func (e Entry) EntryName() string { return e.Name }

// Registry is a sorted table of encoders.
type Registry = registry.Table[Entry]

// Builtin returns clvid's own encoders, by name.
func Builtin() Registry {
	return Registry{
		c3DEntry,
		mc3Entry,
		mvitV1BEntry,
		mvitV2SEntry,
		r21DMiniEntry,
		r2Plus1DEntry,
		r3D10Entry,
		r3D18Entry,
		r3DMiniEntry,
		resNet101Entry,
		resNet18Entry,
		resNet34Entry,
		resNet50Entry,
		resNet20CIFAREntry,
		s3DEntry,
		s3DGEntry,
		slowR50Entry,
		slowFastEntry,
		timeSformerEntry,
		vitBaseEntry,
		vitSmallEntry,
		vitTinyEntry,
		vivitEntry,
		x3DMEntry,
		x3DSEntry,
		x3DXSEntry,
	}
}

// pooled makes Build of stages: the global mean of the last one.
func pooled(stages func(nn.Scope, *gorgonia.Node, Config) []*gorgonia.Node) func(nn.Scope, *gorgonia.Node, Config) *gorgonia.Node {
	return func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
		maps := stages(s, x, c)
		return nn.GlobalMean(maps[len(maps)-1])
	}
}

// width is the configured width, or the encoder's own.
func (c Config) width(own int) int { return orOwn(c.Width, own) }

// orOwn is a setting, or the encoder's own where it is 0.
func orOwn(setting, own int) int {
	if setting == 0 {
		return own
	}
	return setting
}
