package encoder

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// withoutBlocks are encoders that are one chain of layers.
var withoutBlocks = map[string]bool{"c3d": true}

// Every encoder builds its blocks through Config.block, so that
// encoder_options.recompute acts.
func TestBlocksAreRecomputed(t *testing.T) {
	for _, e := range Builtin() {
		if withoutBlocks[e.Name] {
			continue
		}
		without, with := recomputed(e, false), recomputed(e, true)
		if with <= without {
			t.Errorf("%s: %d operations are computed again, %d without encoder_options.recompute: build the blocks through Config.block", e.Name, with, without)
		}
	}
}

// recomputed counts the operations of an encoder that are computed again.
func recomputed(e Entry, recompute bool) int {
	g := gorgonia.NewGraph()
	x := nn.Input(g, "input", device.Float32, 2, max(e.Channels, 3), 8, 32, 32)
	c := Default()
	c.Width, c.Recompute = 4, recompute
	e.Build(nn.NewScope(g, nn.NewOutline(device.Float32), 1), x, c)
	marked := 0
	for _, n := range g.AllNodes() {
		if o, ok := n.Op().(*op.Op); ok && o.Recomputed() {
			marked++
		}
	}
	return marked
}
