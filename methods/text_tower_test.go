package methods_test

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/plan"
	"github.com/clvid/clvid/text"
)

// plainTower follows TextTower's definition for one caption.
func plainTower(s *nn.Store, ids []int32, mask []float64, c text.Config) []float64 {
	value := func(name string) []float64 {
		t, _ := s.Lookup(name)
		return t.F64
	}
	mean, words := make([]float64, c.Dim), 0.
	for l, id := range ids {
		words += mask[l]
		for d := range mean {
			mean[d] += mask[l] * value("text.embedding.weight")[int(id)*c.Dim+d]
		}
	}
	for d := range mean {
		mean[d] /= words
	}
	linear := func(name string, x []float64, out int) []float64 {
		y := make([]float64, out)
		for o := range y {
			y[o] = value("text." + name + ".bias")[o]
			for d, v := range x {
				y[o] += value("text." + name + ".weight")[o*len(x)+d] * v
			}
		}
		return y
	}
	hidden := linear("0", mean, c.Hidden)
	for i, v := range hidden {
		hidden[i] = max(v, 0)
	}
	return linear("2", hidden, c.Out)
}

func TestTextTowerAgainstPlain(t *testing.T) {
	c := text.Config{Length: 4, Dim: 5, Hidden: 7, Out: 3}
	ids, mask := []int32{2, 5, 2, 0, 1, 0, 0, 0}, []float64{1, 1, 1, 0, 1, 0, 0, 0}
	store := nn.NewStore(device.Float64)
	g := gorgonia.NewGraph()
	idsNode := nn.Input(g, "ids", device.Int32, 2, c.Length)
	maskNode := nn.Input(g, "mask", device.Float64, 2, c.Length)
	out := methods.TextTower(nn.NewScope(g, store, 3).Sub("text"), idsNode, maskNode, c, 6)
	be, err := cpu.Open(cpu.Options{Threads: 1, Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	m, err := plan.Compile(be, plan.Options{Params: store}, out)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for node, data := range map[*gorgonia.Node]any{idsNode: ids, maskNode: mask} {
		if err := m.Let(node, data); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	got, err := m.Float64s(out)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 {
		want := plainTower(store, ids[n*c.Length:(n+1)*c.Length], mask[n*c.Length:(n+1)*c.Length], c)
		for o, w := range want {
			if math.Abs(got[n*c.Out+o]-w) > 1e-12 { // sums of a few float64 in another order
				t.Errorf("caption %d, output %d: %g, want %g", n, o, got[n*c.Out+o], w)
			}
		}
	}
}
