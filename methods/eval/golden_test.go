package eval

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
)

// goldenCase is one file of the golden vectors.
type goldenCase struct {
	Params    map[string]any
	Inputs    map[string]goldenTensor
	Expected  map[string]goldenTensor
	Tolerance float64
}

type goldenTensor struct {
	Shape []int
	Data  []float64
}

func (g goldenTensor) ints() []int {
	out := make([]int, len(g.Data))
	for i, x := range g.Data {
		out[i] = int(x)
	}
	return out
}

// matrix joins all axes but the last.
func (g goldenTensor) matrix() Matrix {
	cols := g.Shape[len(g.Shape)-1]
	return Matrix{len(g.Data) / cols, cols, g.Data}
}

// goldenCases runs f on every case of a folder that matches the pattern. f
// returns what it computed; a name that it does not return fails.
func goldenCases(t *testing.T, method, pattern string, f func(t *testing.T, c goldenCase) map[string][]float64) {
	t.Helper()
	dir := os.Getenv("CLVID_GOLDEN")
	if dir == "" {
		dir = filepath.Join(sharedtest.Dir(t), "golden")
	} else if !filepath.IsAbs(dir) {
		dir = filepath.Join(sharedtest.Root(), dir)
	}
	files, err := filepath.Glob(filepath.Join(dir, method, pattern+".json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases %s/%s: %v", method, pattern, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var c goldenCase
			if err := json.Unmarshal(data, &c); err != nil {
				t.Fatal(err)
			}
			c.compare(t, f(t, c))
		})
	}
}

func (c goldenCase) compare(t *testing.T, got map[string][]float64) {
	for name, want := range c.Expected {
		if len(got[name]) != len(want.Data) {
			t.Errorf("%s: %d values, want %d", name, len(got[name]), len(want.Data))
			continue
		}
		largest, worst := 1e-6, 0.
		for i, w := range want.Data {
			largest, worst = max(largest, math.Abs(w)), max(worst, math.Abs(got[name][i]-w))
		}
		if !(worst <= c.Tolerance*largest) {
			t.Errorf("%s differs by %g, want at most %g: got %v, want %v", name, worst, c.Tolerance*largest, got[name], want.Data)
		}
	}
}

func floatsOf(xs ...int) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = float64(x)
	}
	return out
}

// random fills a matrix from a fixed sequence.
func random(rows, cols int, next func() float64) Matrix {
	m := NewMatrix(rows, cols)
	for i := range m.Data {
		m.Data[i] = next()
	}
	return m
}

func approx(a, b, tolerance float64) bool {
	return math.Abs(a-b) <= tolerance*max(1, math.Abs(b))
}
