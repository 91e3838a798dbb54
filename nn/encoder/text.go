package encoder

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/internal/registry"
	"github.com/clvid/clvid/nn"
)

// TextConfig holds the settings of text encoders; 0 and "" are the encoder's
// own.
type TextConfig struct {
	Vocabulary int    `yaml:"vocabulary" doc:"tokens"`
	Length     int    `yaml:"length" doc:"L that the position table is made for"`
	Width      int    `yaml:"width" doc:"of a token"`
	Layers     int    `yaml:"layers" doc:"transformer blocks"`
	Heads      int    `yaml:"heads" doc:"divides the width"`
	Hidden     int    `yaml:"hidden" doc:"width inside the perceptrons"`
	Features   int    `yaml:"features" doc:"clip: D of the projection"`
	Pool       string `yaml:"pool" doc:"bert: mean or class"`
}

// The ways in which BERT's tokens become one vector.
const (
	MeanPool  = "mean"  // mean over the tokens of the mask
	ClassPool = "class" // the first token
)

// Limits of text encoders, past any published one.
const (
	maxVocabulary = 1 << 20
	maxTextLength = 1 << 15
	maxTextWidth  = 1 << 14
)

// Validate checks the ranges; heads and width are checked together where both
// are set.
func (c TextConfig) Validate() error {
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"vocabulary", c.Vocabulary, maxVocabulary}, {"length", c.Length, maxTextLength},
		{"width", c.Width, maxTextWidth}, {"layers", c.Layers, maxLayers}, {"heads", c.Heads, maxTextWidth},
		{"hidden", c.Hidden, 4 * maxTextWidth}, {"features", c.Features, maxTextWidth},
	} {
		if f.value < 0 || f.value > f.max {
			return fmt.Errorf("encoder: text %s %d: set it to 1 to %d, or to 0 for the encoder's own", f.name, f.value, f.max)
		}
	}
	if (c.Width == 0) != (c.Heads == 0) {
		return fmt.Errorf("encoder: text width %d with %d heads: set both or neither", c.Width, c.Heads)
	}
	if c.Heads > 0 && c.Width%c.Heads != 0 {
		return fmt.Errorf("encoder: text width %d: set a multiple of heads %d", c.Width, c.Heads)
	}
	if !slices.Contains([]string{"", MeanPool, ClassPool}, c.Pool) {
		return fmt.Errorf("encoder: text pool %q: set %s or %s", c.Pool, MeanPool, ClassPool)
	}
	return nil
}

// TextEntry describes one text encoder.
type TextEntry struct {
	Name     string
	Doc      string                 // one line
	Features func(c TextConfig) int // D
	Length   func(c TextConfig) int // the largest L
	// Build maps ids, int32 (N,L), and mask (N,L), 1 on tokens and 0 behind
	// them, to features (N,D), not normalised.
	Build func(s nn.Scope, ids, mask *gorgonia.Node, c TextConfig) *gorgonia.Node
	// Tokens are the last layer's features of all tokens (N,L,width).
	Tokens func(s nn.Scope, ids, mask *gorgonia.Node, c TextConfig) *gorgonia.Node
}

// EntryName makes a TextEntry fit a registry.Table.
func (e TextEntry) EntryName() string { return e.Name }

// TextRegistry is a sorted table of text encoders.
type TextRegistry = registry.Table[TextEntry]

// BuiltinText returns clvid's own text encoders, by name.
func BuiltinText() TextRegistry {
	return TextRegistry{
		bertBaseEntry,
		bertTinyEntry,
		clipTextB32Entry,
		clipTextL14Entry,
		miniLML12Entry,
		miniLML6Entry,
	}
}
