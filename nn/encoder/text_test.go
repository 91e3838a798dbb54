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

// textNet is a text encoder on ids (N,L).
func textNet(t *testing.T, e TextEntry, c TextConfig, store *nn.Store, n, l int) (ids, mask, f, tokens *gorgonia.Node) {
	t.Helper()
	g := gorgonia.NewGraph()
	ids, mask = nn.Input(g, "ids", device.Int32, n, l), nn.Input(g, "mask", store.DType(), n, l)
	s := nn.NewScope(g, store, 1)
	f = e.Build(s, ids, mask, c)
	tokens = e.Tokens(s.Shared(), ids, mask, c)
	if err := store.Err(); err != nil {
		t.Fatal(err)
	}
	return ids, mask, f, tokens
}

// Counts are those of Hugging Face's models, without BERT's pooler.
func TestPublishedTextSizes(t *testing.T) {
	for name, want := range map[string]int{
		"bert-base-uncased": 109_482_240 - 768*769, "bert-tiny": 4_385_920 - 128*129,
		"minilm-l12": 33_360_000 - 384*385, "minilm-l6": 22_713_216 - 384*385,
		"clip-text-b32": 63_428_096, "clip-text-l14": 123_650_304,
	} {
		e, err := BuiltinText().Lookup("text encoder", name)
		if err != nil {
			t.Fatal(err)
		}
		store := nn.NewOutline(device.Float32)
		_, _, f, _ := textNet(t, e, TextConfig{}, store, 2, 7)
		if got := elements(store); got != want {
			t.Errorf("%s: %d parameters, want %d", name, got, want)
		}
		if want := []int{2, e.Features(TextConfig{})}; !slices.Equal(f.Shape(), want) {
			t.Errorf("%s: features %v, want %v", name, f.Shape(), want)
		}
	}
}

// What lies behind the mask changes nothing, whatever the encoder.
func TestTextMask(t *testing.T) {
	be, err := cpu.Open(cpu.Options{Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	small := TextConfig{Vocabulary: 9, Length: 6, Width: 8, Heads: 2, Layers: 2, Hidden: 12, Features: 5}
	for _, e := range BuiltinText() {
		store := nn.NewStore(device.Float64)
		ids, mask, f, tokens := textNet(t, e, small, store, 2, 4)
		if !slices.Equal(tokens.Shape(), []int{2, 4, 8}) || e.Length(small) != 6 || e.Doc == "" {
			t.Errorf("%s: tokens %v, length %d, documentation %q", e.Name, tokens.Shape(), e.Length(small), e.Doc)
		}
		m, err := plan.Compile(be, plan.Options{Params: store}, f)
		if err != nil {
			t.Fatal(err)
		}
		features := func(behind int32) []float64 {
			must(t, m.Let(ids, []int32{3, 5, 8, behind, 4, 8, behind, behind}))
			must(t, m.Let(mask, []float64{1, 1, 1, 0, 1, 1, 0, 0}))
			must(t, m.RunAll())
			v, err := m.Float64s(f)
			must(t, err)
			return slices.Clone(v)
		}
		if a, b := features(0), features(7); !slices.Equal(a, b) {
			t.Errorf("%s: features %v and %v", e.Name, a, b)
		}
		must(t, m.Close())
	}
	if names := BuiltinText().Names(); !slices.IsSorted(names) {
		t.Errorf("the table is not sorted: %v", names)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestClassPool(t *testing.T) {
	for _, pool := range []string{MeanPool, ClassPool} {
		_, _, f, _ := textNet(t, bertTinyEntry, TextConfig{Pool: pool}, nn.NewOutline(device.Float32), 3, 1)
		if !slices.Equal(f.Shape(), []int{3, 128}) {
			t.Errorf("pool %s: features %v", pool, f.Shape())
		}
	}
	_, _, f, _ := textNet(t, clipTextB32Entry, TextConfig{}, nn.NewOutline(device.Float32), 3, 1)
	if !slices.Equal(f.Shape(), []int{3, 512}) {
		t.Errorf("one token: features %v", f.Shape())
	}
}

func TestTextConfigValidate(t *testing.T) {
	for _, c := range []TextConfig{{}, {Width: 12, Heads: 3, Pool: ClassPool}} {
		must(t, c.Validate())
	}
	for want, c := range map[string]TextConfig{
		"text length -1":          {Length: -1},
		"text vocabulary 9999999": {Vocabulary: 9999999},
		"set both or neither":     {Width: 12},
		"set a multiple of heads": {Width: 12, Heads: 5},
		`text pool "max"`:         {Pool: "max"},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
}
