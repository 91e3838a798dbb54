package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// wrapper makes a block of a network: nn.Recompute, or plainly.
type wrapper func(x *gorgonia.Node, f func(*gorgonia.Node) *gorgonia.Node) *gorgonia.Node

// deep is a stack of six equal blocks, each through wrap.
func deep(s nn.Scope, x *gorgonia.Node, block func(nn.Scope, *gorgonia.Node) *gorgonia.Node, wrap wrapper) *gorgonia.Node {
	for i := range 6 {
		scope := s.Sub(fmt.Sprint("block", i))
		x = wrap(x, func(x *gorgonia.Node) *gorgonia.Node { return block(scope, x) })
	}
	return nn.GlobalMean(x)
}

// pooledBlock has batch norms, a max-pool and a shortcut.
func pooledBlock(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	k, p := []int{3, 3, 3}, []int{1, 1, 1}
	y := x
	for i := range 3 {
		c := s.Sub(fmt.Sprint(i))
		y = nn.ReLU(nn.BatchNorm(c.Sub("bn"), nn.Conv(c.Sub("conv"), y, nn.ConvConfig{Out: 4, Kernel: k, Pad: p})))
	}
	y = nn.MaxPool(y, k, []int{1, 1, 1}, p) // saves indices as large as its value
	return op.Add(x, nn.BatchNorm(s.Sub("last"), y))
}

// normedBlock ends with a batch norm and ReLU, which an accelerator joins.
func normedBlock(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	c := nn.ConvConfig{Out: x.Shape()[1], Kernel: []int{1, 3, 3}, Pad: []int{0, 1, 1}}
	y := nn.ReLU(nn.BatchNorm(s.Sub("bn1"), nn.Conv(s.Sub("conv1"), x, c)))
	y = nn.ReLU(nn.BatchNorm(s.Sub("bn2"), nn.Conv(s.Sub("conv2"), y, c)))
	return nn.ReLU(nn.BatchNorm(s.Sub("bn3"), nn.Conv(s.Sub("conv3"), y, c)))
}

func plainly(x *gorgonia.Node, f func(*gorgonia.Node) *gorgonia.Node) *gorgonia.Node { return f(x) }

// bits are the parameters, running statistics and gradients after some steps.
func bits(t *testing.T, be device.Backend, block func(nn.Scope, *gorgonia.Node) *gorgonia.Node, wrap wrapper, shape ...int) (state []float32, m *plan.Machine) {
	t.Helper()
	n := &toy{store: nn.NewStore(device.Float32)}
	g := gorgonia.NewGraph()
	n.scope = nn.NewScope(g, n.store, 3)
	n.x = nn.Input(g, "x", device.Float32, append([]int{toyBatch}, shape...)...)
	n.targets = nn.Input(g, "targets", device.Int32, toyBatch)
	n.z = deep(n.scope, n.x, block, wrap)
	n.loss = op.CrossEntropy(nn.Linear(n.scope.Sub("head"), n.z, toyClasses, true), n.targets)
	var err error
	n.grads, err = nn.Grad(n.loss, n.scope.Params())
	check(t, err)
	m = compile(t, be, plan.Options{Train: true, Params: n.store}, n.outputs()...)
	for i := range 3 {
		n.bind(t, m, uint64(i))
		n.step(t, m, 0.05)
	}
	for _, g := range n.grads {
		v, err := m.Float32s(g)
		check(t, err)
		state = append(state, v...)
	}
	for _, name := range n.store.Names() {
		v, _ := n.store.Lookup(name)
		state = append(state, v.F32...)
	}
	return state, m
}

// Blocks that are computed again give the same bits, running statistics
// included, in less memory, and on every back end.
func TestRecompute(t *testing.T) {
	for _, library := range []string{"none", ""} {
		be, err := cpu.Open(cpu.Options{Threads: 2, Library: library})
		check(t, err)
		t.Cleanup(func() { check(t, be.Close()) })
		want, kept := bits(t, be, pooledBlock, plainly, 4, 4, 8, 8)
		got, again := bits(t, be, pooledBlock, nn.Recompute, 4, 4, 8, 8)
		if !slices.Equal(want, got) {
			t.Errorf("%s: values differ where blocks are computed again", be.Name())
		}
		t.Logf("%s: arena of %d bytes in %d steps, %d in %d with blocks computed again",
			be.Name(), kept.ArenaBytes(), kept.Steps(), again.ArenaBytes(), again.Steps())
		if 10*again.ArenaBytes() > 4*kept.ArenaBytes() {
			t.Errorf("%s: arena of %d bytes, %d without recomputation: want less than 0.4 of it", be.Name(), again.ArenaBytes(), kept.ArenaBytes())
		}
		count := countNames(again, " again")
		// Of 6 blocks: 3 convolutions, norms and ReLU and the pool, whose value
		// the last norm's gradient reads. An accelerator joins ReLU to the norms.
		relu := 0
		if strings.Contains(be.Name(), "pure Go") {
			relu = 18
		}
		if count["conv"] != 18 || count["batch_norm"] != 18 || count["relu"] != relu || count["max_pool"] != 6 || count["add"] != 0 {
			t.Errorf("%s: computed again: %v", be.Name(), count)
		}
	}
}

// Where maps are small, statistics are not small beside them and are computed
// again too, also of norms that are joined with the ReLU at a block's end.
func TestRecomputeSmallMaps(t *testing.T) {
	for _, library := range []string{"none", ""} {
		be, err := cpu.Open(cpu.Options{Threads: 2, Library: library})
		check(t, err)
		t.Cleanup(func() { check(t, be.Close()) })
		want, _ := bits(t, be, normedBlock, plainly, 16, 1, 2, 2)
		got, again := bits(t, be, normedBlock, nn.Recompute, 16, 1, 2, 2)
		if !slices.Equal(want, got) {
			t.Errorf("%s: values differ where blocks are computed again", be.Name())
		}
		if count := countNames(again, " again"); count["batch_norm"] < 12 {
			t.Errorf("%s: computed again: %v", be.Name(), count)
		}
	}
}

// countNames counts the steps whose names end so, by kind.
func countNames(m *plan.Machine, end string) map[string]int {
	count := map[string]int{}
	for _, name := range m.StepNames() {
		if strings.HasSuffix(name, end) {
			kind, _, _ := strings.Cut(name, " ")
			count[kind]++
		}
	}
	return count
}

// Without gradients nothing is computed again; a marked value that is asked for
// is kept; and nested blocks follow the outer one.
func TestRecomputeWhereNeeded(t *testing.T) {
	be := openCPU(t, 1)
	g := gorgonia.NewGraph()
	store := nn.NewStore(device.Float64)
	s := nn.NewScope(g, store, 1)
	x := nn.Input(g, "x", device.Float64, 5, 3)
	var inner *gorgonia.Node
	y := nn.Recompute(x, func(x *gorgonia.Node) *gorgonia.Node {
		inner = nn.Recompute(x, func(x *gorgonia.Node) *gorgonia.Node {
			return op.Exp(nn.Linear(s.Sub("a"), x, 4, true))
		})
		return nn.Linear(s.Sub("b"), inner, 2, false)
	})
	grads, err := nn.Grad(op.Sum(op.Mul(y, y)), s.Params())
	check(t, err)
	for _, tc := range []struct {
		name    string
		outputs []*gorgonia.Node
		again   map[string]int
	}{
		{"forward", []*gorgonia.Node{y}, map[string]int{}},
		{"gradients", grads, map[string]int{"unary": 1, "linear": 1}},
		{"gradients and the inner value", append([]*gorgonia.Node{inner}, grads...), map[string]int{}},
	} {
		m := compile(t, be, plan.Options{Train: true, Params: store}, tc.outputs...)
		if got := countNames(m, " again"); fmt.Sprint(got) != fmt.Sprint(tc.again) {
			t.Errorf("%s: computed again: %v, want %v", tc.name, got, tc.again)
		}
	}
}
