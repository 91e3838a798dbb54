package encoder

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/plan"
)

// outlined draws an encoder without values.
func outlined(t *testing.T, e Entry, c Config, shape ...int) (*nn.Store, *gorgonia.Node) {
	t.Helper()
	store := nn.NewOutline(device.Float32)
	g := gorgonia.NewGraph()
	f := e.Build(nn.NewScope(g, store, 1), nn.Input(g, "input", device.Float32, shape...), c)
	if err := store.Err(); err != nil {
		t.Fatal(err)
	}
	return store, f
}

// elements counts trained numbers by their shapes.
func elements(store *nn.Store) int {
	n := 0
	for _, name := range store.Names() {
		t, _ := store.Lookup(name)
		n += product(t.Shape)
	}
	return n
}

// Counts are those of the published models without their classifiers: timm's
// and torchvision's tables less 1000 or 400 classes. TimeSformer has ViT-B's
// weights without the table of times, another attention with norm and one
// layer more in each block, and times.
func TestPublishedSizes(t *testing.T) {
	const vitBase, block = 86_567_656 - 769_000, 4*768*768 + 4*768 + 2*768 + 768*768 + 768
	for _, tc := range []struct {
		entry Entry
		shape []int
		want  int
		names []string
	}{
		{vitTinyEntry, []int{2, 3, 224, 224}, 5_717_416 - 193_000, []string{"cls_token", "pos_embed", "patch_embed.proj.bias"}},
		{vitSmallEntry, []int{2, 3, 224, 224}, 22_050_664 - 385_000, []string{"blocks.11.attn.qkv.weight", "blocks.0.mlp.fc2.bias"}},
		{vitBaseEntry, []int{2, 3, 224, 224}, vitBase, []string{"norm.weight", "blocks.3.norm2.bias"}},
		{timeSformerEntry, []int{1, 3, 8, 224, 224}, vitBase + 12*block + 8*768, []string{"time_embed", "blocks.1.temporal_fc.weight"}},
		{vivitEntry, []int{1, 3, 32, 224, 224}, vitBase + 768*768 + (3137-197)*768,
			[]string{"embeddings.patch_embeddings.projection.weight", "encoder.layer.0.attention.attention.key.bias", "layernorm.bias"}},
		{mvitV1BEntry, []int{1, 3, 16, 224, 224}, 36_610_672 - 769*400, []string{"pos_encoding.spatial_pos", "blocks.0.project.weight"}},
		{mvitV2SEntry, []int{1, 3, 16, 224, 224}, 34_537_744 - 769*400, []string{"blocks.15.attn.rel_pos_t", "blocks.4.attn.pool_k.norm_act.0.bias"}},
	} {
		store, f := outlined(t, tc.entry, Default(), tc.shape...)
		if got := elements(store); got != tc.want {
			t.Errorf("%s: %d parameters, want %d", tc.entry.Name, got, tc.want)
		}
		if want := []int{tc.shape[0], tc.entry.Features(Default())}; !slices.Equal(f.Shape(), want) {
			t.Errorf("%s: features %v, want %v", tc.entry.Name, f.Shape(), want)
		}
		for _, name := range tc.names {
			if _, ok := store.Lookup(name); !ok {
				t.Errorf("%s: no tensor %s", tc.entry.Name, name)
			}
		}
	}
}

// Clips go through an image encoder frame by frame.
func TestFramesAreAveraged(t *testing.T) {
	c := Config{Width: 6, Layers: 1}
	_, clips := outlined(t, vitTinyEntry, c, 2, 3, 5, 32, 48)
	_, images := outlined(t, vitTinyEntry, c, 2, 3, 32, 48)
	for _, f := range []*gorgonia.Node{clips, images} {
		if !slices.Equal(f.Shape(), []int{2, 6}) {
			t.Errorf("features %v", f.Shape())
		}
	}
}

// Tables that are made for one size serve another.
func TestTablesOfAnotherSize(t *testing.T) {
	for _, e := range []Entry{vitTinyEntry, timeSformerEntry, vivitEntry, mvitV1BEntry, mvitV2SEntry} {
		c := Config{Width: 6, Layers: 1, TableSize: 64, TableTime: 6}
		small, _ := outlined(t, e, c, 1, 3, 4, 32, 48)
		made, _ := outlined(t, e, c, 1, 3, 6, 64, 64)
		if got, want := elements(small), elements(made); got != want {
			t.Errorf("%s: %d parameters for a smaller clip, want %d", e.Name, got, want)
		}
	}
}

func TestResizePlaces(t *testing.T) {
	g := gorgonia.NewGraph()
	x := nn.Input(g, "x", device.Float64, 1, 4, 2)
	y := resizePlaces(x, []int{2, 2}, []int{1, 4})
	be, err := cpu.Open(cpu.Options{Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	m, err := plan.Compile(be, plan.Options{}, y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Let(x, []float64{0, 10, 4, 14, 2, 12, 6, 16}); err != nil {
		t.Fatal(err)
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	// Rows (0,4) and (2,6) average to (1,5); places lie at 0, 1/4, 3/4 and 1 of the way.
	got, err := m.Float64s(y)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 11, 2, 12, 4, 14, 5, 15}; !slices.Equal(got, want) {
		t.Errorf("resized to %v, want %v", got, want)
	}
}

func TestTransformerSettings(t *testing.T) {
	for _, c := range []Config{{Heads: 3}, {Heads: 5, Width: 10}, {Attention: JointAttention}, {Layers: 2, Patch: 8, Tubelet: 4, TableSize: 64, TableTime: 8}} {
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	for want, c := range map[string]Config{
		"encoder_options.heads":     {Heads: 5},
		"7 heads do not divide":     {Heads: 7, Width: 20},
		"encoder_options.layers":    {Layers: -1},
		"encoder_options.patch":     {Patch: maxImage + 1},
		"encoder_options.attention": {Attention: "all"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
	for _, tc := range []struct{ width, heads int }{{6, 1}, {192, 3}, {130, 2}, {200, 2}, {65, 1}} {
		if got := (Config{Width: tc.width}).heads(tc.width, 12); got != tc.heads {
			t.Errorf("width %d has %d heads, want %d", tc.width, got, tc.heads)
		}
	}
}
