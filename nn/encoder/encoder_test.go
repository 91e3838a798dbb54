package encoder

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// build draws an encoder on clips of the given shape and returns its stages
// and the store that holds its parameters.
func build(t *testing.T, name string, c Config, shape ...int) ([]*gorgonia.Node, *gorgonia.Node, *nn.Store) {
	t.Helper()
	e, err := Builtin().Lookup("encoder", name)
	if err != nil {
		t.Fatal(err)
	}
	store := nn.NewOutline(device.Float32)
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, store, 1)
	x := nn.Input(g, "input", device.Float32, shape...)
	f := e.Build(s, x, c)
	g = gorgonia.NewGraph()
	x = nn.Input(g, "input", device.Float32, shape...)
	stages := e.Stages(nn.NewScope(g, store, 1), x, c)
	if err := store.Err(); err != nil {
		t.Fatal(err)
	}
	return stages, f, store
}

func shapesOf(nodes []*gorgonia.Node) [][]int {
	var s [][]int
	for _, n := range nodes {
		s = append(s, n.Shape())
	}
	return s
}

// parameters counts trained numbers.
func parameters(store *nn.Store) int {
	n := 0
	for _, name := range store.Names() {
		if t, _ := store.Lookup(name); t.Kind != nn.Buffer {
			n += int(device.Type{Shape: t.Shape}.Elements())
		}
	}
	return n
}

// The count is torchvision's, less that of its classifier (params.num_parameters of the
// golden case is 33 168 837 with 5 classes of 512 weights and a bias).
func TestR3D18(t *testing.T) {
	stages, f, store := build(t, "r3d-18", Default(), 2, 3, 16, 112, 112)
	want := [][]int{{2, 64, 16, 56, 56}, {2, 64, 16, 56, 56}, {2, 128, 8, 28, 28}, {2, 256, 4, 14, 14}, {2, 512, 2, 7, 7}}
	if got := shapesOf(stages); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("stages %v, want %v", got, want)
	}
	if got, want := parameters(store), 33168837-5*513; got != want {
		t.Errorf("%d parameters, want %d", got, want)
	}
	if !slices.Equal(f.Shape(), []int{2, 512}) {
		t.Errorf("features %v", f.Shape())
	}
	// The state dictionary without fc and without num_batches_tracked.
	if n := len(store.Names()); n != 100 {
		t.Errorf("%d tensors, want 100", n)
	}
	for _, name := range []string{
		"stem.0.weight", "stem.1.running_var", "layer1.1.conv2.1.bias", "layer2.0.downsample.0.weight", "layer4.0.downsample.1.running_mean",
	} {
		if _, ok := store.Lookup(name); !ok {
			t.Errorf("no tensor %s", name)
		}
	}
}

// Counts follow from the layers: see the comment of each number.
func TestR3D10(t *testing.T) {
	stages, f, store := build(t, "r3d-10", Default(), 4, 3, 7, 48, 48)
	want := [][]int{{4, 16, 7, 12, 12}, {4, 16, 7, 12, 12}, {4, 32, 4, 6, 6}, {4, 64, 2, 3, 3}, {4, 128, 2, 2, 2}}
	if got := shapesOf(stages); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("stages %v, want %v", got, want)
	}
	convolutions := 3*16*75 + // stem
		2*16*16*27 + (16+32)*32*27 + (32+64)*64*27 + (64+128)*128*27 + // 3x3x3
		16*32 + 32*64 + 64*128 // shortcuts
	norms := 2 * (16 + 2*16 + 3*(32+64+128))
	if got := parameters(store); got != convolutions+norms {
		t.Errorf("%d parameters, want %d", got, convolutions+norms)
	}
	if !slices.Equal(f.Shape(), []int{4, 128}) {
		t.Errorf("features %v", f.Shape())
	}
	stages, _, _ = build(t, "r3d-10", Config{Width: 8}, 4, 1, 8, 48, 48)
	if got := shapesOf(stages)[0]; !slices.Equal(got, []int{4, 8, 8, 24, 24}) {
		t.Errorf("stem without pool, of width 8, on one channel: %v", got)
	}
}

// TestEveryEncoder holds for whatever is registered: it builds on small clips,
// and images where it takes them, and the gradient reaches every parameter.
func TestEveryEncoder(t *testing.T) {
	for _, e := range Builtin() {
		t.Run(e.Name, func(t *testing.T) {
			inputs := [][]int{{2, max(e.Channels, 3), 8, 32, 32}}
			if e.Images {
				inputs = append(inputs, []int{2, max(e.Channels, 3), 32, 32})
			}
			for _, shape := range inputs {
				for _, c := range []Config{Default(), {Width: 16, Pool: true}, {Width: 8}} {
					checkBuild(t, e, c, shape)
				}
			}
			if e.Doc == "" {
				t.Error("no documentation")
			}
		})
	}
	names := Builtin().Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the table is not sorted, or has names twice: %v", names)
	}
}

func checkBuild(t *testing.T, e Entry, c Config, shape []int) {
	t.Helper()
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, nn.NewOutline(device.Float64), 1)
	f := e.Build(s, nn.Input(g, "input", device.Float64, shape...), c)
	if want := []int{2, e.Features(c)}; !slices.Equal(f.Shape(), want) {
		t.Errorf("%+v on %v: features %v, want %v", c, shape, f.Shape(), want)
	}
	if _, err := nn.Grad(op.Sum(f), s.Params()); err != nil {
		t.Errorf("%+v on %v: %v", c, shape, err)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, c := range []Config{Default(), {}, {Width: 1}, {Width: maxWidth}, {SKRatio: 0.0625}, {DropPath: .9}, {Alpha: 8, Beta: 8, FusionKernel: 5}} {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for setting, bad := range map[string][]Config{
		"width":         {{Width: -1}, {Width: maxWidth + 1}},
		"sk_ratio":      {{SKRatio: -0.1}, {SKRatio: 1.1}, {SKRatio: math.NaN()}},
		"alpha":         {{Alpha: -1}, {Alpha: maxAlpha + 1}},
		"beta":          {{Beta: -1}, {Beta: maxBeta + 1}},
		"drop_path":     {{DropPath: -.1}, {DropPath: 1}, {DropPath: math.NaN()}},
		"fusion_kernel": {{FusionKernel: 4}, {FusionKernel: -1}, {FusionKernel: maxFusionKernel + 2}},
	} {
		for _, c := range bad {
			if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "encoder_options."+setting) {
				t.Errorf("%+v: %v", c, err)
			}
		}
	}
}
