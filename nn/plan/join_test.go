package plan_test

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// apart hides that a back end has kernels for joined operations.
type apart struct{ device.Backend }

// twoBranches has all that is joined: norm and ReLU, their gradient, and a sum of
// two normalised branches behind which ReLU cuts off.
func twoBranches(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	k, p := []int{3, 3}, []int{1, 1}
	y := nn.ReLU(nn.BatchNorm(s.Sub("bn1"), nn.Conv(s.Sub("conv1"), x, nn.ConvConfig{Out: 16, Kernel: k, Pad: p})))
	y = nn.BatchNorm(s.Sub("bn2"), nn.Conv(s.Sub("conv2"), y, nn.ConvConfig{Out: 16, Kernel: k, Pad: p}))
	short := nn.BatchNorm(s.Sub("bn3"), nn.Conv(s.Sub("conv3"), x, nn.ConvConfig{Out: 16, Kernel: []int{1, 1}}))
	return nn.ReLU(op.Add(y, short))
}

// Joined operations compute what they would apart, in fewer steps.
func TestJoin(t *testing.T) {
	be, err := cpu.Open(cpu.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	if strings.Contains(be.Name(), "pure Go") {
		t.Skip("no accelerator here: nothing is joined")
	}
	steps := map[string]int{}
	values := map[string][][]float32{}
	for name, b := range map[string]device.Backend{"joined": be, "apart": apart{be}} {
		g, store := gorgonia.NewGraph(), nn.NewStore(device.Float32)
		s := nn.NewScope(g, store, 3)
		x := nn.Input(g, "x", device.Float32, 2, 16, 6, 6)
		y := twoBranches(s, x)
		loss := op.Sum(op.Mul(y, y))
		grads, err := nn.Grad(loss, s.Params())
		if err != nil {
			t.Fatal(err)
		}
		m, err := plan.Compile(b, plan.Options{Train: true, Params: store}, append(grads, loss, y)...)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.Let(x, ramp(2*16*6*6)); err != nil {
			t.Fatal(err)
		}
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		steps[name] = m.Steps()
		for _, n := range append(grads, loss, y) {
			v, err := m.Float32s(n)
			if err != nil {
				t.Fatal(err)
			}
			values[name] = append(values[name], append([]float32(nil), v...))
		}
		mean, _ := store.Lookup("bn3.running_mean")
		values[name] = append(values[name], mean.F32)
	}
	// Forward: bn1 with its ReLU, bn2 with the sum and the last ReLU. Backward:
	// the first ReLU; the last one's gradient serves two branches.
	if steps["joined"] != steps["apart"]-4 {
		t.Errorf("%d steps joined, %d apart, want 4 fewer", steps["joined"], steps["apart"])
	}
	for i := range values["apart"] {
		for k, want := range values["apart"][i] {
			// The same arithmetic; sums of activations round once less.
			if got := values["joined"][i][k]; abs(got-want) > 1e-5*(1+abs(want)) {
				t.Fatalf("output %d, entry %d: %g joined, %g apart", i, k, got, want)
			}
		}
	}
}

func ramp(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(i*7919%1000)/500 - 1
	}
	return v
}

func abs(x float32) float32 { return max(x, -x) }
