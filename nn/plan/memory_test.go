package plan_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// trainToy takes some steps on a fresh store and returns all its bits and
// the last outputs.
func trainToy(t *testing.T, threads int, o plan.Options) (state []float32, arena int64) {
	t.Helper()
	n := newToy(t, nn.NewStore(device.Float32))
	o.Train, o.Params = true, n.store
	m := compile(t, openCPU(t, threads), o, n.outputs()...)
	for i := range 4 {
		n.bind(t, m, uint64(i))
		n.step(t, m, 0.1)
	}
	for _, name := range n.store.Names() {
		v, _ := n.store.Lookup(name)
		state = append(state, v.F32...)
	}
	for _, out := range n.outputs() {
		v, err := m.Float32s(out)
		check(t, err)
		state = append(state, v...)
	}
	return state, m.ArenaBytes()
}

func TestArenaDoesNotAliasLiveValues(t *testing.T) {
	reused, small := trainToy(t, 2, plan.Options{})
	apart, large := trainToy(t, 2, plan.Options{NoReuse: true})
	if !slices.Equal(reused, apart) {
		t.Error("values differ between shared and separate memory")
	}
	if 2*small > large {
		t.Errorf("arena of %d bytes, %d without reuse: want less than half", small, large)
	}
}

func TestThreadsDoNotChangeBits(t *testing.T) {
	one, _ := trainToy(t, 1, plan.Options{})
	for _, threads := range []int{2, 5} {
		if many, _ := trainToy(t, threads, plan.Options{}); !slices.Equal(one, many) {
			t.Errorf("values differ between 1 and %d threads", threads)
		}
	}
}

// Every output survives to the end, also one that the next operation could
// overwrite.
func TestOutputsAreKept(t *testing.T) {
	g := gorgonia.NewGraph()
	x := nn.Input(g, "x", device.Float32, 4)
	chain := []*gorgonia.Node{op.Scale(x, 2)}
	for range 5 {
		chain = append(chain, op.Scale(chain[len(chain)-1], 2))
	}
	m := compile(t, openCPU(t, 1), plan.Options{}, chain...)
	check(t, m.Let(x, []float32{1, 2, 3, 4}))
	check(t, m.RunAll())
	for i, n := range chain {
		v, err := m.Float32s(n)
		check(t, err)
		if want := float32(int(2) << i); v[0] != want {
			t.Errorf("output %d is %g, want %g", i, v[0], want)
		}
	}
}

// A chain that keeps only its end runs in the memory of one value.
func TestInPlace(t *testing.T) {
	g := gorgonia.NewGraph()
	x := nn.Input(g, "x", device.Float32, 1024)
	y := op.Reshape(op.Exp(op.Scale(x, 2)), 32, 32)
	y = op.ReLU(op.Reshape(y, 1024))
	m := compile(t, openCPU(t, 1), plan.Options{}, y)
	if m.ArenaBytes() != 4096 || m.Steps() != 3 {
		t.Errorf("arena of %d bytes in %d steps, want 4096 in 3", m.ArenaBytes(), m.Steps())
	}
	in := make([]float32, 1024)
	in[3] = 1
	for range 2 { // the input is not overwritten
		check(t, m.Let(x, in))
		check(t, m.RunAll())
		v, err := m.Float32s(y)
		check(t, err)
		if v[0] != 1 || v[3] < 7.38 || v[3] > 7.39 {
			t.Fatalf("exp(2x) is %g at 0 and %g at 1", v[0], v[3])
		}
	}
}

func TestPruning(t *testing.T) {
	n := newToy(t, nn.NewStore(device.Float32))
	be := openCPU(t, 1)
	all := compile(t, be, plan.Options{Train: true, Params: n.store}, n.outputs()...)
	forward := compile(t, be, plan.Options{Params: n.store}, n.z)
	if forward.Steps() != 13 { // 3 convolutions and norms, 3 ReLU, add, pool, mean, normalize
		t.Errorf("forward plan has %d steps, want 13", forward.Steps())
	}
	if all.Steps() <= 2*forward.Steps() {
		t.Errorf("training plan has %d steps, forward %d", all.Steps(), forward.Steps())
	}
	if err := forward.Let(n.targets, make([]int32, toyBatch)); err == nil {
		t.Error("bound an input that the outputs do not need")
	}
	// Nothing asks for the gradient of the input, so the first convolution's
	// is not computed.
	for _, name := range all.StepNames() {
		if strings.HasPrefix(name, "conv_grad_input stem.weight") {
			t.Errorf("dead gradient %q is computed", name)
		}
	}
}
