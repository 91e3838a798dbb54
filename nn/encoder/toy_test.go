package encoder_test

import (
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
)

// toy is an encoder as another package would write it: one function and one
// entry.
var toy = encoder.Entry{
	Name: "toy", Doc: "one convolution",
	Features: func(c encoder.Config) int { return 5 },
	Build: func(s nn.Scope, x *gorgonia.Node, _ encoder.Config) *gorgonia.Node {
		return nn.GlobalMean(nn.ReLU(nn.Conv(s.Sub("conv"), x, nn.ConvConfig{Out: 5, Kernel: []int{3, 3, 3}})))
	},
}

func TestToyFromOutside(t *testing.T) {
	table := encoder.Builtin().With(toy)
	e, err := table.Lookup("encoder", "toy")
	if err != nil {
		t.Fatal(err)
	}
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, nn.NewStore(device.Float32), 1)
	f := e.Build(s.Sub("encoder"), nn.Input(g, "x", device.Float32, 2, 3, 4, 8, 8), encoder.Default())
	if !slices.Equal(f.Shape(), []int{2, e.Features(encoder.Default())}) || s.Params()[0].Name() != "encoder.conv.weight" {
		t.Errorf("features %v, parameter %s", f.Shape(), s.Params()[0].Name())
	}
	if _, err := encoder.Builtin().Lookup("encoder", "toy"); err == nil {
		t.Error("With changed the built-in table")
	}
}
