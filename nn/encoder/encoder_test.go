package encoder

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
)

// build draws an encoder on clips of the given shape and returns its stages
// and the store that holds its parameters.
func build(t *testing.T, name string, c Config, shape ...int) ([]*gorgonia.Node, *gorgonia.Node, *nn.Store) {
	t.Helper()
	e, err := Builtin().Lookup("encoder", name)
	if err != nil {
		t.Fatal(err)
	}
	store := nn.NewStore(device.Float32)
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
			n += len(t.F32)
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

// TestEveryEncoder holds for whatever is registered.
func TestEveryEncoder(t *testing.T) {
	for _, e := range Builtin() {
		t.Run(e.Name, func(t *testing.T) {
			for _, c := range []Config{{Width: 6, Pool: true}, {Width: 4}} {
				g := gorgonia.NewGraph()
				store := nn.NewStore(device.Float64)
				x := nn.Input(g, "input", device.Float64, 2, max(e.Channels, 3), 8, 32, 32)
				f := e.Build(nn.NewScope(g, store, 1), x, c)
				if want := []int{2, e.Features(c)}; !slices.Equal(f.Shape(), want) {
					t.Errorf("%+v: features %v, want %v", c, f.Shape(), want)
				}
			}
			if e.Doc == "" {
				t.Error("no documentation")
			}
		})
	}
	if names := Builtin().Names(); !slices.IsSorted(names) {
		t.Errorf("the table is not sorted: %v", names)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, c := range []Config{Default(), {}, {Width: 1}, {Width: maxWidth}} {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for _, w := range []int{-1, maxWidth + 1} {
		if err := (Config{Width: w}).Validate(); err == nil || !strings.Contains(err.Error(), "encoder_options.width") {
			t.Errorf("width %d: %v", w, err)
		}
	}
}
