package onnx

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

// runCase is one run of testdata/run.py.
type runCase struct {
	Name   string     `json:"name"`
	Model  string     `json:"model"`
	Inputs []runInput `json:"inputs"`
	Output string     `json:"output"`
}

type runInput struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Shape []int  `json:"shape"`
	File  string `json:"file"`
}

// noRuntime is the exit status of run.py without onnxruntime.
const noRuntime = 77

// runs collects what one Python process shall run.
type runs struct {
	t     *testing.T
	dir   string
	cases []runCase
	want  [][]float32
}

func newRuns(t *testing.T) *runs {
	if testing.Short() {
		t.Skip("runs dozens of networks twice: leave -short out")
	}
	return &runs{t: t, dir: t.TempDir()}
}

// add writes a network's file, and the inputs and our own values at the given
// sizes.
func (r *runs) add(name string, n Network, opset int, sizes ...map[string]int) Report {
	r.t.Helper()
	path, m := export(r.t, n, opset)
	for _, s := range sizes {
		for axis := range m.Report().Fixed {
			delete(s, axis)
		}
		feeds := n.feeds(s)
		at := filepath.Join(r.dir, fmt.Sprint(len(r.cases)))
		c := runCase{Name: fmt.Sprintf("%s at %v", name, s), Model: path, Output: at + ".out"}
		for i, in := range n.Inputs {
			f := runInput{in.Name, "<f4", in.shape(s), fmt.Sprintf("%s.%d", at, i)}
			if in.DType == device.Int32 {
				f.Type = "<i4"
			}
			writeElements(r.t, f.File, feeds[i])
			c.Inputs = append(c.Inputs, f)
		}
		r.cases, r.want = append(r.cases, c), append(r.want, compute(r.t, n, s, feeds))
	}
	return m.Report()
}

// compare runs all by onnxruntime. Where there is none the test is skipped.
func (r *runs) compare() {
	r.t.Helper()
	python := os.Getenv("CLVID_PYTHON")
	if python == "" {
		python = "python3"
	}
	args := []string{filepath.Join("testdata", "run.py")}
	for i, c := range r.cases {
		data, err := json.Marshal(c)
		if err != nil {
			r.t.Fatal(err)
		}
		path := filepath.Join(r.dir, fmt.Sprint(i, ".json"))
		if err := os.WriteFile(path, data, 0o644); err != nil {
			r.t.Fatal(err)
		}
		args = append(args, path)
	}
	text, err := exec.Command(python, args...).CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound) || errors.As(err, &exit) && exit.ExitCode() == noRuntime:
		r.t.Skipf("%s has no onnxruntime: set CLVID_PYTHON to a Python that has, to run this test", python)
	case err != nil:
		r.t.Fatalf("run.py: %v\n%s", err, text)
	}
	for i, c := range r.cases {
		compare(r.t, c.Name, readFloats(r.t, c.Output), r.want[i])
	}
}

func writeElements(t *testing.T, path string, data any) {
	t.Helper()
	b, err := binary.Append(nil, binary.LittleEndian, data)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFloats(t *testing.T, path string) []float32 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]float32, len(b)/4)
	if _, err := binary.Decode(b, binary.LittleEndian, v); err != nil {
		t.Fatal(err)
	}
	return v
}

// tolerance is that of float32 sums in another order, through some dozens of
// layers.
const tolerance = 1e-4

// compare holds values against others, relative to the largest.
func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values, want %d", what, len(got), len(want))
		return
	}
	largest, off := 0., 0.
	for i := range want {
		largest = max(largest, math.Abs(float64(want[i])))
		off = max(off, math.Abs(float64(got[i])-float64(want[i])))
	}
	if largest == 0 || !(off <= tolerance*largest) {
		t.Errorf("%s: off by %.2g of the largest, %.3g; want at most %g of it", what, off/largest, largest, tolerance)
	}
}
