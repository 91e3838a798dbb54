package checkpoint

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStateRoundTrip(t *testing.T) {
	type progress struct {
		Step int
		Seed uint64
		Loss float64
	}
	path := filepath.Join(t.TempDir(), "state")
	want := progress{Step: 12, Seed: 1<<64 - 1, Loss: .1}
	if err := WriteState(path, sample(), want); err != nil {
		t.Fatal(err)
	}
	var got progress
	f, err := ReadState(path, &got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || len(f.Tensors) != len(sample()) {
		t.Errorf("%d tensors, %s", len(f.Tensors), diff)
	}
}

func TestReadStateRefusesWeights(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := WriteSafetensors(path, sample(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadState(path, new(int)); err == nil || !strings.Contains(err.Error(), "no state of a run") {
		t.Errorf("weights taken for a state: %v", err)
	}
	if err := WriteState(path, nil, "text"); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadState(path, new(int)); err == nil || !strings.Contains(err.Error(), "state") {
		t.Errorf("a state of another form: %v", err)
	}
}
