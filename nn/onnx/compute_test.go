package onnx

import (
	"path/filepath"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/golden"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/plan"
)

// closedForm gives a file the weights of the golden cases.
func closedForm(name string, shape []int) ([]float32, error) {
	w := make([]float32, device.Type{Shape: shape}.Elements())
	golden.FillWeight(name, shape, w)
	return w, nil
}

// idsBelow is the size of every vocabulary in these tests.
const idsBelow = 11

// feeds are inputs in closed form, at some axes of other sizes: numbers in
// [-1,1), or ids below idsBelow.
func (n Network) feeds(sizes map[string]int) []any {
	var out []any
	for _, in := range n.Inputs {
		size := device.Type{Shape: in.shape(sizes)}.Elements()
		if in.DType == device.Int32 {
			ids := make([]int32, size)
			for i := range ids {
				ids[i] = int32((golden.Rule(in.Name, i) + 1) / 2 * idsBelow)
			}
			out = append(out, ids)
			continue
		}
		x := make([]float32, size)
		for i := range x {
			x[i] = float32(golden.Rule(in.Name, i))
		}
		out = append(out, x)
	}
	return out
}

// compute are the network's values by our own program, on the weights of
// closedForm.
func compute(t *testing.T, n Network, sizes map[string]int, feeds []any) []float32 {
	t.Helper()
	be, err := cpu.Open(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	g, store := gorgonia.NewGraph(), nn.NewStore(device.Float32)
	var in []*gorgonia.Node
	for _, input := range n.Inputs {
		in = append(in, nn.Input(g, input.Name, input.DType, input.shape(sizes)...))
	}
	out := n.Build(nn.NewScope(g, store, 1), in)
	for _, name := range store.Names() {
		p, _ := store.Lookup(name)
		golden.FillWeight(name, p.Shape, p.F32)
	}
	m, err := plan.Compile(be, plan.Options{Params: store}, out)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for i, data := range feeds {
		if err := m.Let(in[i], data); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	values, err := m.Float32s(out)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(values)
}

// export writes a network with the weights of closedForm.
func export(t *testing.T, n Network, opset int) (string, *Model) {
	t.Helper()
	m, err := Translate(n, Options{Opset: opset, Producer: "clvid", Version: "test", Metadata: map[string]string{"encoder": n.Name}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "net.onnx")
	if err := m.Write(path, closedForm); err != nil {
		t.Fatal(err)
	}
	return path, m
}
