package methods

import (
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/checkpoint"
	ct "github.com/clvid/clvid/nn/checkpoint/checkpointtest"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
)

// twoLayers is a store with tensors of an encoder and of a head.
func twoLayers(dtype device.DType) *nn.Store {
	store := nn.NewStore(dtype)
	s := nn.NewScope(gorgonia.NewGraph(), store, 0)
	s.Sub("encoder").Param("weight", []int{2, 2}, nn.Zeros, nn.Weight)
	s.Sub("encoder").Sub("bn").Buffer("running_mean", []int{2}, nn.Zeros)
	s.Sub("projector").Param("weight", []int{2}, nn.Ones, nn.Weight)
	return store
}

func TestFill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.pth")
	ct.Write(t, path, ct.Dict{"model", ct.Dict{
		"module.weight", ct.Tensor{Storage: ct.Floats(1, 2, 3, 4), Shape: []int{2, 2}},
		"module.bn.running_mean", ct.Tensor{Storage: ct.Floats(5, 6), Shape: []int{2}},
		"module.bn.num_batches_tracked", ct.Tensor{Storage: ct.Longs(9)},
		"module.projector.weight", ct.Tensor{Storage: ct.Floats(7, 8), Shape: []int{2}},
	}})
	file, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, dtype := range []device.DType{device.Float32, device.Float64} {
		store := twoLayers(dtype)
		r, err := file.Match(Wanted(store, EncoderPrefix), "")
		if err != nil || r.Complete() != nil || r.Prefix != "model.module." {
			t.Fatalf("%v, %v", r, err)
		}
		if err := Fill(store, EncoderPrefix, file, r); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]float64{"encoder.weight": {1, 2, 3, 4}, "encoder.bn.running_mean": {5, 6}, "projector.weight": {1, 1}} {
			got, _ := store.Lookup(name)
			for i, w := range want {
				if dtype == device.Float32 && float64(got.F32[i]) != w || dtype == device.Float64 && got.F64[i] != w {
					t.Errorf("%s of %v at %d: %v %v, want %v", name, dtype, i, got.F32, got.F64, w)
				}
			}
		}
		if err := Fill(store, "other.", file, r); err == nil || !strings.Contains(err.Error(), "no parameter other.weight") {
			t.Errorf("a store without the parameters: %v", err)
		}
	}
}

// What an encoder wants is what it makes.
func TestWantedByEncoder(t *testing.T) {
	e, err := encoder.Builtin().Lookup("encoder", "r3d-10")
	if err != nil {
		t.Fatal(err)
	}
	wants, err := WantedByEncoder(e, encoder.Default(), [4]int{3, 8, 64, 64})
	if err != nil {
		t.Fatal(err)
	}
	values := 0
	for _, w := range wants {
		n := 1
		for _, d := range w.Shape {
			n *= d
		}
		values += n
	}
	if wants[0].Name != "stem.0.weight" || values < 800_000 || values > 1_000_000 {
		t.Errorf("%d values, first %v", values, wants[0])
	}
	if _, err := WantedByEncoder(e, encoder.Default(), [4]int{3, 1, 0, 0}); err == nil || !strings.Contains(err.Error(), "change media.frames") {
		t.Errorf("clips of no pixels: %v", err)
	}
}

func TestWantedByText(t *testing.T) {
	e, err := encoder.BuiltinText().Lookup("text encoder", "bert-tiny")
	if err != nil {
		t.Fatal(err)
	}
	wants, err := WantedByText(e, encoder.TextConfig{Vocabulary: 100, Length: 16})
	if err != nil || len(wants) < 30 || wants[0].Name != "embeddings.word_embeddings.weight" || wants[0].Shape[0] != 100 {
		t.Errorf("%v, %v", wants, err)
	}
	if _, err := WantedByText(e, encoder.TextConfig{Vocabulary: -1}); err == nil || !strings.Contains(err.Error(), "vocabulary -1") {
		t.Errorf("got %v", err)
	}
}
