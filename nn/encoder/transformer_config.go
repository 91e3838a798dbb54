package encoder

import (
	"fmt"
)

// Limits of the settings of transformers, past any published encoder.
const (
	maxLayers = 96
	maxImage  = 4096
	maxFrames = 4096
)

// ownWidths is a divisor of the own width of every transformer whose heads can
// be set: heads that divide it divide all of them.
const ownWidths = 192

// validateTransformer checks the settings of transformers.
func (c Config) validateTransformer() error {
	for _, f := range []struct {
		name       string
		value, max int
	}{
		{"layers", c.Layers, maxLayers}, {"heads", c.Heads, maxWidth}, {"patch", c.Patch, maxImage},
		{"tubelet", c.Tubelet, maxFrames}, {"table_size", c.TableSize, maxImage}, {"table_time", c.TableTime, maxFrames},
	} {
		if f.value < 0 || f.value > f.max {
			return fmt.Errorf("encoder: %s %d: set encoder_options.%s to 1 to %d, or to 0 for the encoder's own", f.name, f.value, f.name, f.max)
		}
	}
	if width := c.width(ownWidths); c.Heads > 0 && width%c.Heads != 0 {
		return fmt.Errorf("encoder: %d heads do not divide width %d: set encoder_options.heads to a divisor, and encoder_options.width with it", c.Heads, width)
	}
	switch c.Attention {
	case "", DividedAttention, JointAttention, SpaceAttention:
		return nil
	}
	return fmt.Errorf("encoder: attention %q: set encoder_options.attention to %s, %s or %s", c.Attention, DividedAttention, JointAttention, SpaceAttention)
}

// headSize is that of all published encoders but the smallest.
const headSize = 64

// heads is the configured number, or the encoder's own, unless the width is
// another: then it is as many of 64 features as fit.
func (c Config) heads(width, own int) int {
	switch {
	case c.Heads != 0:
		return c.Heads
	case c.Width == 0:
		return own
	}
	n := max(1, width/headSize)
	for width%n != 0 {
		n--
	}
	return n
}
