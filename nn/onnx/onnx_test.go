package onnx

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// single is a network of one input, written as in operations.
func single(t *testing.T, input string, build func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node) Network {
	return opCase{"net", []string{input}, func(s nn.Scope, x nodes) *gorgonia.Node { return build(s, x[0]) }}.network(t)
}

// positions adds a table of an entry for each place of axis 1.
func positions(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	shape := x.Shape()
	return op.Add(x, s.Param("positions", []int{1, shape[1], shape[2]}, nn.Zeros, nn.Weight))
}

// An axis with a table of positions stays as it was drawn, with the reason;
// the others are open.
func TestFixedAxes(t *testing.T) {
	n := single(t, "n=2 t=4 d=3", positions)
	n.Inputs[0].Axes[2].Fixed = true
	m, err := Translate(n, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := m.Report()
	if got := strings.Join(r.Inputs[0].Shape, " "); got != "n 4 3" {
		t.Errorf("input %s, want n 4 3", got)
	}
	if want := "parameter positions has shape [1 4 3], and at another size [1 8 3]"; r.Fixed["t"] != want || len(r.Fixed) != 1 {
		t.Errorf("fixed axes %v, want t: %s", r.Fixed, want)
	}
}

func TestTranslateRefuses(t *testing.T) {
	same := func(_ nn.Scope, x *gorgonia.Node) *gorgonia.Node { return op.ReLU(x) }
	for _, tc := range []struct {
		name  string
		net   Network
		opset int
		want  string
	}{
		{"an old opset", single(t, "n=2", same), 16, "onnx: opset 16, want 17 to 21"},
		{"a new opset", single(t, "n=2", same), 99, "onnx: opset 99, want 17 to 21"},
		{"a kind without translation", single(t, "n=2 3", func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
			return op.CrossEntropy(x, table(s.Graph(), []int32{1, 0}, 2))
		}), 0, "onnx: net: operation cross_entropy has no translation to ONNX"},
		{"a fixed batch", single(t, "n=2 3 4", func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
			return op.Permute(positions(s, op.Permute(x, 1, 0, 2)), 1, 0, 2)
		}), 0, "onnx: net: the axis n must be open: parameter positions has shape [1 2 4], and at another size [1 4 4]"},
		{"shapes that do not fit", single(t, "n=2 3", func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
			return op.Reshape(x, 7)
		}), 0, "onnx: net: op: reshape: "},
	} {
		_, err := Translate(tc.net, Options{Opset: tc.opset})
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.name, err, tc.want)
		}
	}
}

// A model past what protobuf holds is refused before a byte of it is read.
func TestTooLarge(t *testing.T) {
	m, err := Translate(single(t, "n=2 32768", func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
		return nn.Linear(s, x, 32768, false)
	}), Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net.onnx")
	err = m.Write(path, func(string, []int) ([]float32, error) {
		t.Error("weights are read")
		return nil, nil
	})
	if err == nil || !strings.Contains(err.Error(), "bytes, and a protobuf message holds at most 2147483647: export a narrower or shallower encoder") {
		t.Errorf("4 GB: %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a file was left")
	}
}

// Weights of another size fail, and leave the file that was there.
func TestWriteWholeOrNotAtAll(t *testing.T) {
	n := single(t, "n=2 3", func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node { return nn.Linear(s, x, 5, true) })
	path, m := export(t, n, 0)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	err = m.Write(path, func(string, []int) ([]float32, error) { return make([]float32, 7), nil })
	if err == nil || !strings.Contains(err.Error(), "has 7 elements, want those of shape [5 3]") {
		t.Errorf("7 elements: %v", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file changed: %v", err)
	}
	if got, want := m.Parameters(), []Parameter{{"weight", []int{5, 3}}, {"bias", []int{5}}}; !reflect.DeepEqual(got, want) {
		t.Errorf("parameters %v, want %v", got, want)
	}
}
