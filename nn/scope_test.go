package nn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// scope returns the root scope of a fresh graph and store.
func scope() (nn.Scope, *nn.Store) {
	store := nn.NewStore(device.Float32)
	return nn.NewScope(gorgonia.NewGraph(), store, 1), store
}

func names(ns []*gorgonia.Node) []string {
	var s []string
	for _, n := range ns {
		s = append(s, n.Name())
	}
	return s
}

func TestLayersNameAndShapeAsTorch(t *testing.T) {
	s, store := scope()
	x := nn.Input(s.Graph(), "x", device.Float32, 2, 4, 3, 8, 8)
	block := s.Sub("layer1").Sub("0")
	x = nn.Conv(block.Sub("conv1"), x, nn.ConvConfig{Out: 6, Kernel: []int{3, 3, 3}, Groups: 2, Bias: true})
	x = nn.BatchNorm(block.Sub("bn1"), x)
	x = nn.GlobalMean(nn.MaxPool(nn.ReLU(x), []int{1, 2, 2}, nil, nil))
	x = nn.Linear(s.Sub("fc"), x, 5, true)
	ids := nn.Input(s.Graph(), "ids", device.Int32, 2, 7)
	words := nn.Embedding(s.Sub("words"), ids, 11, 3, 1)

	want := map[string][]int{
		"layer1.0.conv1.weight": {6, 2, 3, 3, 3}, "layer1.0.conv1.bias": {6},
		"layer1.0.bn1.weight": {6}, "layer1.0.bn1.bias": {6},
		"layer1.0.bn1.running_mean": {6}, "layer1.0.bn1.running_var": {6},
		"fc.weight": {5, 6}, "fc.bias": {5}, "words.weight": {11, 3},
	}
	if len(store.Names()) != len(want) {
		t.Errorf("store holds %v", store.Names())
	}
	for name, shape := range want {
		if v, ok := store.Lookup(name); !ok || !slices.Equal(v.Shape, shape) {
			t.Errorf("%s is %v, want shape %v", name, v, shape)
		}
	}
	for n, shape := range map[*gorgonia.Node]string{x: "(2, 5)", words: "(2, 7, 3)"} {
		if got := fmt.Sprint(n.Shape()); got != shape {
			t.Errorf("output %s, want %s", got, shape)
		}
	}
	trained := []string{"layer1.0.conv1.weight", "layer1.0.conv1.bias", "layer1.0.bn1.weight", "layer1.0.bn1.bias", "fc.weight", "fc.bias", "words.weight"}
	if got := names(s.Params()); !slices.Equal(got, trained) {
		t.Errorf("trained are %v, want %v", got, trained)
	}
}

func TestFrozenIsNotTrained(t *testing.T) {
	s, _ := scope()
	s.Sub("teacher").Frozen().Sub("fc").Param("weight", []int{2}, nn.Zeros, nn.Weight)
	s.Param("weight", []int{2}, nn.Zeros, nn.Weight)
	if got := names(s.Params()); !slices.Equal(got, []string{"weight"}) {
		t.Errorf("trained are %v, want weight alone", got)
	}
}

func TestLeafNamesAreUnique(t *testing.T) {
	s, _ := scope()
	w := s.Param("w", []int{2}, nn.Zeros, nn.Weight)
	if s.Shared().Param("w", []int{2}, nn.Zeros, nn.Weight) != w || len(s.Params()) != 1 {
		t.Error("a shared scope makes the leaf again")
	}
	for name, make := range map[string]func(){
		"param":        func() { s.Param("w", []int{2}, nn.Zeros, nn.Weight) },
		"input":        func() { nn.Input(s.Graph(), "w", device.Float32, 3) },
		"no name":      func() { nn.Input(s.Graph(), "", device.Float32, 3) },
		"shared shape": func() { s.Shared().Param("w", []int{1, 2}, nn.Zeros, nn.Weight) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "nn: ") {
					t.Errorf("panic %q, want one of nn", got)
				}
			}()
			make()
		})
	}
}

func TestGradRefuses(t *testing.T) {
	s, _ := scope()
	x := s.Param("x", []int{2}, nn.Ones, nn.Weight)
	far := s.Param("far", []int{2}, nn.Ones, nn.Weight)
	loss := op.Sum(op.Add(op.Mul(x, x), op.StopGradient(far)))
	refuse := func(want string, loss *gorgonia.Node, params ...*gorgonia.Node) {
		t.Helper()
		if _, err := nn.Grad(loss, params); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want …%s…", err, want)
		}
	}
	refuse("no parameters", loss)
	refuse("loss has shape (2), want a scalar", op.Mul(x, x), x)
	refuse("parameter far has no path to the loss", loss, x, far)
	if _, err := nn.Grad(loss, []*gorgonia.Node{x}); err != nil {
		t.Fatal(err)
	}
	refuse("differentiated before", loss, x)
	refuse("differentiated before", op.Sum(op.Scale(loss, 5)), x)
}
