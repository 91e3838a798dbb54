// Package golden reads golden vectors: small cases of inputs and the values
// that a reference implementation got from them. Its test runs every case
// through clvid's own code; other packages have no use for it.
//
// The format is described in testdata/golden/README.md.
package golden

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Tensor is one named value: numbers in row-major order, or strings, or
// records as raw JSON.
type Tensor struct {
	Shape   []int           `json:"shape"` // empty for a scalar
	Data    []float64       `json:"data"`
	Strings []string        `json:"strings"`
	Rows    json.RawMessage `json:"rows"`
	Rule    string          `json:"rule"`  // gives the data of an input instead, see Rule
	First   []float64       `json:"first"` // the first numbers that the rule must give
}

// Case is one file.
type Case struct {
	Method    string            `json:"method"`
	Name      string            `json:"case"`
	Source    string            `json:"source"`
	DType     string            `json:"dtype"`
	Notes     string            `json:"notes"`
	Note      string            `json:"note"`
	Params    Params            `json:"params"`
	Inputs    map[string]Tensor `json:"inputs"`
	Expected  map[string]Tensor `json:"expected"`
	Tolerance float64           `json:"tolerance"` // relative to the largest expected entry
}

// defaultTolerance is that of the files themselves.
const defaultTolerance = 1e-6

// Load reads one file and checks that every tensor has the data of its shape;
// inputs given by a rule are filled in. Method and name default to the names
// of folder and file.
func Load(path string) (*Case, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("golden: %w", err)
	}
	c := &Case{Tolerance: defaultTolerance}
	if err := json.Unmarshal(text, c); err != nil {
		return nil, fmt.Errorf("golden: %s: %w", path, err)
	}
	if c.Method == "" {
		c.Method = filepath.Base(filepath.Dir(path))
	}
	if c.Name == "" {
		c.Name = strings.TrimSuffix(filepath.Base(path), ".json")
	}
	for name, t := range c.Inputs {
		if err := t.fill(); err != nil {
			return nil, fmt.Errorf("golden: %s: input %s: %w", path, name, err)
		}
		c.Inputs[name] = t
	}
	for name, t := range c.Expected {
		if err := t.check(); err != nil {
			return nil, fmt.Errorf("golden: %s: expected %s: %w", path, name, err)
		}
	}
	return c, nil
}

// Find lists all cases below dir, sorted.
func Find(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".json" {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("golden: %w", err)
	}
	slices.Sort(paths)
	return paths, nil
}

// check says whether numbers and shape agree.
func (t Tensor) check() error {
	if t.Strings != nil || t.Rows != nil {
		return nil
	}
	if n := elements(t.Shape); n != len(t.Data) {
		return fmt.Errorf("%d numbers for shape %v", len(t.Data), t.Shape)
	}
	return nil
}

// fill checks an input and computes what a rule describes.
func (t *Tensor) fill() error {
	if t.Rule == "" {
		return t.check()
	}
	key, err := ruleKey(t.Rule)
	if err != nil {
		return err
	}
	t.Data = make([]float64, elements(t.Shape))
	for i := range t.Data {
		t.Data[i] = Rule(key, i)
	}
	if len(t.First) > len(t.Data) {
		return fmt.Errorf("%d first numbers of %d", len(t.First), len(t.Data))
	}
	first := Numbers(t.Data[:len(t.First)], len(t.First))
	if err := Compare(first, Numbers(t.First, len(t.First)), 1e-15); err != nil {
		return fmt.Errorf("rule %s: %w", t.Rule, err)
	}
	return nil
}

func elements(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
