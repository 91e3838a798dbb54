package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file of 1 TB, nearly all of it a hole, opens at once: nothing is read that
// is not asked for.
func TestLargeFilesAreNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.safetensors")
	const size = 1 << 40
	head := raw(`{"a":{"dtype":"U8","shape":[1099511627776],"data_offsets":[0,1099511627776]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1099511627776,1099511627778]}}`, "")
	if err := os.WriteFile(path, head, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(head))+size+2); err != nil {
		t.Skipf("no sparse file of 1 TB here: %v", err)
	}
	f := open(t, path)
	if got, err := f.Float32s("b"); err != nil || len(got) != 2 || got[0] != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}

// Cutting a file under a mapping would end the program with SIGBUS.
func TestCutWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	if err := WriteSafetensors(path, []Tensor{{Name: "a", Shape: []int{1 << 16}, F32: make([]float32, 1<<16)}}, nil); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	if err := f.CopyF32("a", make([]float32, 1<<16)); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("got %v, want an error", err)
	}
	if _, err := f.Sum(); err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("sum: got %v, want an error", err)
	}
}

// A file that is replaced under its name, as every write here does, stays open
// as it was.
func TestReplacedWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w")
	write := func(v float32) {
		if err := WriteSafetensors(path, []Tensor{{Name: "a", Shape: []int{1}, F32: []float32{v}}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	f := open(t, path)
	write(2)
	if got, err := f.Float32s("a"); err != nil || got[0] != 1 {
		t.Errorf("got %v, %v, want 1", got, err)
	}
}

func TestSum(t *testing.T) {
	dir := t.TempDir()
	sums := map[string]string{}
	for name, tensor := range map[string]Tensor{
		"one":       {Name: "a", Shape: []int{2}, F32: []float32{1, 2}},
		"same":      {Name: "a", Shape: []int{2}, F32: []float32{1, 2}},
		"values":    {Name: "a", Shape: []int{2}, F32: []float32{1, 3}},
		"shape":     {Name: "a", Shape: []int{2, 1}, F32: []float32{1, 2}},
		"name":      {Name: "b", Shape: []int{2}, F32: []float32{1, 2}},
		"two bytes": {Name: "a", Shape: []int{8}, U8: []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x40}},
	} {
		path := filepath.Join(dir, name)
		if err := WriteSafetensors(path, []Tensor{tensor}, nil); err != nil {
			t.Fatal(err)
		}
		var err error
		if sums[name], err = open(t, path).Sum(); err != nil {
			t.Fatal(err)
		}
	}
	if sums["one"] != sums["same"] {
		t.Error("equal files have different sums")
	}
	for _, name := range []string{"values", "shape", "name", "two bytes"} {
		if sums[name] == sums["one"] {
			t.Errorf("another %s gives the same sum", name)
		}
	}
}
