package encoder

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
)

// Parameters as published, with so many classes: torchvision's weight metadata
// and pytorchvideo's, and the publications that each file names.
var publishedCounts = map[string]struct{ classes, parameters int }{
	"c3d":            {101, 27713253},
	"mc3-18":         {400, 11695440},
	"r21d-mini":      {101, 14417116},
	"r2plus1d-18":    {400, 31505325},
	"r3d-18":         {400, 33371472},
	"r3d-mini":       {101, 14413605},
	"resnet-18":      {1000, 11689512},
	"resnet-34":      {1000, 21797672},
	"resnet-50":      {1000, 25557032},
	"resnet-101":     {1000, 44549160},
	"resnet20-cifar": {10, 269722},
	"s3d":            {400, 8320048},
	"s3d-g":          {512, 9670800},
	"slow-r50":       {400, 32454096},
	"slowfast-r50":   {400, 34566488},
	"x3d-m":          {400, 3794274},
	"x3d-s":          {400, 3794274},
	"x3d-xs":         {400, 3794274},
}

// count draws an encoder on a small clip and counts its parameters.
func count(t *testing.T, name string, c Config) int {
	t.Helper()
	e, err := Builtin().Lookup("encoder", name)
	if err != nil {
		t.Fatal(err)
	}
	store, g := nn.NewOutline(device.Float32), gorgonia.NewGraph()
	e.Build(nn.NewScope(g, store, 1), nn.Input(g, "input", device.Float32, 1, max(e.Channels, 3), 8, 32, 32), c)
	if err := store.Err(); err != nil {
		t.Fatal(err)
	}
	return parameters(store)
}

func TestParametersAsPublished(t *testing.T) {
	for name, want := range publishedCounts {
		e, err := Builtin().Lookup("encoder", name)
		if err != nil {
			t.Fatal(err)
		}
		got := count(t, name, Default()) + want.classes*(e.Features(Default())+1)
		if got != want.parameters {
			t.Errorf("%s: %d parameters with %d classes, want %d", name, got, want.classes, want.parameters)
		}
	}
}

var docNumbers = regexp.MustCompile(`([0-9.]+ M) parameters, ([0-9]+ features)`)

// What `clvid list encoders` says is so. (Transformers hold tables of the size
// of their input.)
func TestDocsTellSizes(t *testing.T) {
	for _, e := range Builtin() {
		if _, counted := publishedCounts[e.Name]; !counted && e.Name != "r3d-10" {
			continue
		}
		want := []string{
			fmt.Sprintf("%.1f M", float64(count(t, e.Name, Default()))/1e6),
			fmt.Sprintf("%d features", e.Features(Default())),
		}
		if said := docNumbers.FindStringSubmatch(e.Doc); said == nil || !slices.Equal(said[1:], want) {
			t.Errorf("%s: %q says %q, want %q", e.Name, e.Doc, said, want)
		}
	}
}

// The sizes of SimCLRv2's networks in millions, without a classifier
// (arXiv:2006.10029, table 1).
func TestSelectiveKernelsAsPublished(t *testing.T) {
	for _, tc := range []struct {
		name     string
		width    int
		ratio    float64
		millions float64
	}{
		{"resnet-50", 128, 0, 94}, {"resnet-50", 64, 0.0625, 35}, {"resnet-50", 128, 0.0625, 140},
		{"resnet-101", 64, 0.0625, 65}, {"resnet-101", 128, 0.0625, 257},
	} {
		c := Default()
		c.Width, c.SKRatio = tc.width, tc.ratio
		got := float64(count(t, tc.name, c)) / 1e6
		if math.Round(got) != tc.millions {
			t.Errorf("%s of width %d, ratio %g: %.2f million parameters, want %g", tc.name, tc.width, tc.ratio, got, tc.millions)
		}
	}
}

// s3d with gates has those of s3d-g: the two differ in the first convolution
// alone, 2x4x4 of 24 channels or 1x7x7 and 7x1x1 of 3.
func TestGates(t *testing.T) {
	c := Default()
	c.Gating = true
	first, gated := 64*24*32+2*64, 64*3*49+64*64*7+2*2*64
	if got, want := count(t, "s3d", c), count(t, "s3d-g", c)-first+gated; got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
}
