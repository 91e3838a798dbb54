package onnx

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
)

// small is an encoder at a width that is quick to run, on clips of so many frames.
func small(e encoder.Entry, frames int) Network {
	c := encoder.Default()
	c.Width = 8
	return OfEncoder(e, c, [4]int{max(e.Channels, 3), frames, 32, 32})
}

// smallText is a text encoder at such a size, its vocabulary that of the tests.
func smallText(e encoder.TextEntry) Network {
	return OfText(e, encoder.TextConfig{Vocabulary: idsBelow, Length: 20, Width: 8, Heads: 2, Layers: 2, Hidden: 16, Features: 6})
}

// encoders are the networks of all registered encoders. One that is new fails
// here until its operations are translated.
func encoders() []Network {
	var all []Network
	for _, e := range encoder.Builtin() {
		all = append(all, small(e, 8))
		if e.Images {
			images := small(e, 1)
			images.Name += " on images"
			all = append(all, images)
		}
	}
	for _, e := range encoder.BuiltinText() {
		all = append(all, smallText(e))
	}
	return all
}

// TestStructure reads every encoder's file back.
func TestStructure(t *testing.T) {
	for _, n := range encoders() {
		t.Run(n.Name, func(t *testing.T) {
			path, m := export(t, n, 0)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			g, h, ir := parse(t, data)
			if h.opset != DefaultOpset || ir != 8 || h.producer != "clvid" || h.version != "test" || h.metadata["encoder"] != n.Name {
				t.Errorf("header %+v, IR version %d", h, ir)
			}
			if err := g.checkWellFormed(); err != nil {
				t.Error(err)
			}
			checkParameters(t, n, g)
			if !reflect.DeepEqual(g.nodes, m.graph.nodes) || !reflect.DeepEqual(g.inputs, m.graph.inputs) || !reflect.DeepEqual(g.outputs, m.graph.outputs) {
				t.Error("the graph read differs from the one written")
			}
			if g.inputs[0].name != n.Inputs[0].Name || g.inputs[0].dims[0].name != "batch" || g.outputs[0].name != "features" || g.outputs[0].dims[0].name != "batch" {
				t.Errorf("inputs %+v, outputs %+v", g.inputs, g.outputs)
			}
			if r := m.Report(); len(r.Fixed) > 0 && !tied(n.Name) {
				t.Errorf("fixed axes: %v", r.Fixed)
			}
		})
	}
}

// tied tells the encoders whose tables of positions are made for the clips that
// they are drawn on, unless their settings say otherwise.
func tied(name string) bool {
	for _, with := range []string{"mvit-", "timesformer", "vit-", "vivit-"} {
		if strings.HasPrefix(name, with) {
			return true
		}
	}
	return false
}

// checkParameters wants every parameter of the network in the file, with its
// name, shape and values.
func checkParameters(t *testing.T, n Network, g *graph) {
	t.Helper()
	graph, store := gorgonia.NewGraph(), nn.NewOutline(device.Float32)
	var in []*gorgonia.Node
	for _, input := range n.Inputs {
		in = append(in, nn.Input(graph, input.Name, input.DType, input.shape(nil)...))
	}
	n.Build(nn.NewScope(graph, store, 0), in)
	for _, name := range store.Names() {
		p, _ := store.Lookup(name)
		i := slices.IndexFunc(g.initializers, func(x tensor) bool { return x.name == name })
		if i < 0 {
			t.Errorf("no initializer %s", name)
			continue
		}
		want, _ := closedForm(name, p.Shape)
		if x := g.initializers[i]; !slices.Equal(x.shape, p.Shape) || !slices.Equal(x.f32, want) {
			t.Errorf("initializer %s has shape %v, want %v, or other values", name, x.shape, p.Shape)
		}
	}
}

// TestRuntime runs every encoder's file at a batch of one, and with all axes
// changed.
func TestRuntime(t *testing.T) {
	for _, opset := range opsets() {
		r := newRuns(t)
		for _, n := range encoders() {
			r.add(n.Name, n, opset, map[string]int{"batch": 1}, map[string]int{"batch": 3, "frames": 12, "height": 64, "width": 48, "length": 7})
		}
		r.compare()
	}
}

// TestOptions runs encoders whose options make other operations. None of them
// ties an axis.
func TestOptions(t *testing.T) {
	r := newRuns(t)
	for _, tc := range []struct {
		encoder string
		set     func(c *encoder.Config)
	}{
		{"resnet-50", func(c *encoder.Config) { c.SKRatio = .0625 }},
		{"resnet-18", func(c *encoder.Config) { c.CIFARStem = true }},
		{"r3d-10", func(c *encoder.Config) { c.Pool, c.Recompute = false, true }},
		{"s3d", func(c *encoder.Config) { c.Gating = true }},
		{"slowfast-r50", func(c *encoder.Config) { c.Alpha, c.FusionKernel = 2, 5 }},
		{"timesformer", func(c *encoder.Config) { c.Attention = encoder.JointAttention }},
		{"timesformer", func(c *encoder.Config) { c.Attention = encoder.SpaceAttention }},
		{"vivit-b", func(c *encoder.Config) { c.Tubelet, c.Patch = 4, 8 }},
	} {
		e, err := encoder.Builtin().Lookup("encoder", tc.encoder)
		if err != nil {
			t.Fatal(err)
		}
		c := encoder.Default()
		c.Width, c.Layers, c.TableSize, c.TableTime = 8, 2, 32, 8
		tc.set(&c)
		report := r.add(fmt.Sprintf("%s %+v", e.Name, c), OfEncoder(e, c, [4]int{3, 8, 32, 32}), 0, map[string]int{"batch": 3, "frames": 12, "height": 64, "width": 48})
		if len(report.Fixed) > 0 {
			t.Errorf("%s %+v: fixed axes %v", e.Name, c, report.Fixed)
		}
	}
	r.compare()
}

// TestPublishedSizes runs some encoders as they are published.
func TestPublishedSizes(t *testing.T) {
	if testing.Short() {
		t.Skip("large networks: leave -short out")
	}
	for name, clip := range map[string][4]int{"r3d-18": {3, 8, 112, 112}, "resnet-101": {3, 1, 224, 224}, "vit-base": {3, 1, 224, 224}} {
		e, err := encoder.Builtin().Lookup("encoder", name)
		if err != nil {
			t.Error(err)
			continue
		}
		r := newRuns(t)
		r.add(name, OfEncoder(e, encoder.Default(), clip), 0, map[string]int{"batch": 1}, nil)
		r.compare()
	}
}

// Tables of positions are resized in the file where the settings say what size
// they are made for: at the size drawn too, where they need not be.
func TestResizedTables(t *testing.T) {
	r := newRuns(t)
	for _, name := range []string{"mvit-v1-b", "mvit-v2-s", "timesformer", "vit-tiny", "vivit-b"} {
		e, err := encoder.Builtin().Lookup("encoder", name)
		if err != nil {
			t.Fatal(err)
		}
		c := encoder.Default()
		c.Width, c.Layers, c.TableSize, c.TableTime = 8, 2, 32, 8
		report := r.add(name, OfEncoder(e, c, [4]int{3, 8, 32, 32}), 0, nil, map[string]int{"batch": 3, "frames": 12, "height": 64, "width": 48})
		if got := strings.Join(report.Inputs[0].Shape, " "); got != "batch 3 frames height width" {
			t.Errorf("%s: input %s, fixed %v", name, got, report.Fixed)
		}
	}
	r.compare()
}
