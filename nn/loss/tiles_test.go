package loss

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/plan"
)

// wholeNTXent is NTXent with its matrix of logits (2N,2N) in memory: the
// reference of the tiled one, and what its time is compared with.
func wholeNTXent(h *gorgonia.Node, temperature float64) *gorgonia.Node {
	z := op.Normalize(h)
	m := h.Shape()[0]
	logits := op.Scale(op.MatMul(z, z, device.MatMulAttrs{TransB: true}), 1/temperature)
	// Without the diagonal, which is one column of the flat rest.
	logits = op.Slice(op.Reshape(logits, m*m), 0, 1, m*m)
	logits = op.Reshape(op.Slice(op.Reshape(logits, m-1, m+1), 1, 0, m), m, m-1)
	targets := partners(m/2, 0)
	for i := range targets {
		if int(targets[i]) > i {
			targets[i]--
		}
	}
	return op.CrossEntropy(logits, Targets(h.Graph(), targets))
}

func wholeCLIP(image, text, logScale *gorgonia.Node) *gorgonia.Node {
	cosines := op.MatMul(op.Normalize(image), op.Normalize(text), device.MatMulAttrs{TransB: true})
	logits := op.Mul(cosines, op.Exp(logScale))
	targets := Targets(image.Graph(), Diagonal(image.Shape()[0]))
	return op.Scale(op.Add(op.CrossEntropy(logits, targets), op.CrossEntropy(op.Permute(logits, 1, 0), targets)), .5)
}

func wholeInfoNCE(q, keys, past *gorgonia.Node, temperature float64) *gorgonia.Node {
	z := op.Normalize(q)
	logits := op.Concat(1, rowDot(z, keys), op.MatMul(z, past, device.MatMulAttrs{TransB: true}))
	return op.CrossEntropy(op.Scale(logits, 1/temperature), Targets(q.Graph(), make([]int32, q.Shape()[0])))
}

// largeLoss is a loss on inputs of unlike rows, the first of them trained.
type largeLoss struct {
	name         string
	shapes       [][]int
	trained      int
	tiled, whole func(in []*gorgonia.Node) *gorgonia.Node
}

func largeLosses(n, d int) []largeLoss {
	const temperature = .1
	return []largeLoss{
		{"NTXent", [][]int{{2 * n, d}}, 1,
			func(in []*gorgonia.Node) *gorgonia.Node {
				return NTXent(in[0], NTXentOptions{Temperature: temperature}).Loss
			},
			func(in []*gorgonia.Node) *gorgonia.Node { return wholeNTXent(in[0], temperature) }},
		{"CLIP", [][]int{{n, d}, {n, d}, {}}, 3,
			func(in []*gorgonia.Node) *gorgonia.Node { return CLIP(in[0], in[1], in[2], nil).Loss },
			func(in []*gorgonia.Node) *gorgonia.Node { return wholeCLIP(in[0], in[1], in[2]) }},
		{"InfoNCE", [][]int{{n, d}, {n, d}, {4 * n, d}}, 1,
			func(in []*gorgonia.Node) *gorgonia.Node {
				return InfoNCE(in[0], in[1], in[2], InfoNCEOptions{Temperature: temperature}).Loss
			},
			func(in []*gorgonia.Node) *gorgonia.Node { return wholeInfoNCE(in[0], in[1], in[2], temperature) }},
	}
}

// lossRun is a compiled loss with its gradients.
type lossRun struct {
	machine *plan.Machine
	outputs []*gorgonia.Node // loss, then gradients
}

// runOf compiles on be, binds inputs that are the same for equal shapes, and closes
// with the test.
func runOf(t testing.TB, be device.Backend, dtype device.DType, l largeLoss, build func([]*gorgonia.Node) *gorgonia.Node) lossRun {
	t.Helper()
	g, in := gorgonia.NewGraph(), []*gorgonia.Node(nil)
	for i, shape := range l.shapes {
		in = append(in, nn.Input(g, fmt.Sprint("in", i), dtype, shape...))
	}
	loss := build(in)
	grads, err := nn.Grad(loss, in[:l.trained])
	if err != nil {
		t.Fatal(err)
	}
	r := lossRun{outputs: append([]*gorgonia.Node{loss}, grads...)}
	if r.machine, err = plan.Compile(be, plan.Options{Train: true}, r.outputs...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.machine.Close() })
	rng := rand.New(rand.NewPCG(5, 6))
	for _, n := range in {
		if err := r.machine.Let(n, normals(rng, n, dtype)); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// normals are rows with a common part, so that losses are far from a guess.
func normals(rng *rand.Rand, n *gorgonia.Node, dtype device.DType) any {
	size := max(1, n.Shape().TotalSize())
	single, double := make([]float32, size), make([]float64, size)
	for i := range double {
		double[i] = rng.NormFloat64() + math.Sin(float64(i))
		single[i] = float32(double[i])
	}
	if dtype == device.Float64 {
		return double
	}
	return single
}

// values runs once and returns loss and gradients.
func (r lossRun) values(t testing.TB, dtype device.DType) [][]float64 {
	t.Helper()
	if err := r.machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for _, n := range r.outputs {
		if dtype == device.Float64 {
			v, err := r.machine.Float64s(n)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, append([]float64(nil), v...))
			continue
		}
		v, err := r.machine.Float32s(n)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, make([]float64, len(v)))
		for i, x := range v {
			out[len(out)-1][i] = float64(x)
		}
	}
	return out
}

func openCPU(t testing.TB, library string) device.Backend {
	t.Helper()
	be, err := cpu.Open(cpu.Options{Threads: 2, Library: library})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	return be
}

// TestTilesEqualTheWhole: sums of a few hundred terms in another order, in
// float64; in float32 sums of products of 6e-8 each.
func TestTilesEqualTheWhole(t *testing.T) {
	for _, l := range largeLosses(150, 16) {
		for _, tc := range []struct {
			name      string
			library   string
			dtype     device.DType
			tolerance float64
		}{
			{"float64", "none", device.Float64, 1e-12},
			{"float32 pure Go", "none", device.Float32, 2e-5},
			{"float32", "", device.Float32, 2e-5},
		} {
			t.Run(l.name+" "+tc.name, func(t *testing.T) {
				be := openCPU(t, tc.library)
				got := runOf(t, be, tc.dtype, l, l.tiled).values(t, tc.dtype)
				want := runOf(t, be, tc.dtype, l, l.whole).values(t, tc.dtype)
				for k := range want {
					closeTo(t, k, got[k], want[k], tc.tolerance)
				}
			})
		}
	}
}

// Equal inputs give equal bits, whichever thread takes which tile.
func TestTilesRepeat(t *testing.T) {
	be := openCPU(t, "")
	for _, l := range largeLosses(300, 32) {
		first := runOf(t, be, device.Float32, l, l.tiled)
		want := first.values(t, device.Float32)
		for range 5 {
			for k, got := range first.values(t, device.Float32) {
				if !slices.Equal(got, want[k]) {
					t.Fatalf("%s: output %d has other bits", l.name, k)
				}
			}
		}
	}
}

// closeTo compares relative to the largest value; 0 is the loss, k a gradient.
func closeTo(t *testing.T, k int, got, want []float64, tolerance float64) {
	t.Helper()
	largest, worst := 0., 0.
	for i, w := range want {
		largest = max(largest, math.Abs(w))
		worst = max(worst, math.Abs(got[i]-w))
	}
	if !(worst <= tolerance*largest) || largest == 0 {
		t.Errorf("output %d: off by %.2g of %.2g, at most %.2g of it", k, worst, largest, tolerance)
	}
}

// BenchmarkTiles compares the time of losses and gradients with and without
// their matrix in memory.
func BenchmarkTiles(b *testing.B) {
	for _, n := range []int{96, 512, 4096} {
		for _, l := range largeLosses(n, 128) {
			for name, build := range map[string]func([]*gorgonia.Node) *gorgonia.Node{"tiled": l.tiled, "whole": l.whole} {
				b.Run(fmt.Sprintf("%s/N=%d/%s", l.name, n, name), func(b *testing.B) {
					r := runOf(b, openCPU(b, ""), device.Float32, l, build)
					for b.Loop() {
						if err := r.machine.RunAll(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
