package cpu

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// bf16Tolerance: operands are rounded beforehand, so that what differs from
// the float32 reference is the rounding of results to 8 bits, half of 2^-8 of a
// value, and of a few of them twice; relative to the largest entry.
const bf16Tolerance = 1. / 256

// rounded are normal values that bfloat16 holds.
func rounded(rng *rand.Rand, t device.Type) []byte {
	data := normals(rng, t)
	for i := range len(data) / 4 {
		u := math.Float32bits(float32(getFloat(data, i)))
		putFloat(data, i, math.Float32frombits((u+0x8000)&^0xffff))
	}
	return data
}

// compareBF16 compares an operation on bfloat16 activations (operands of rank 3
// and more but weights), in every order, with pure Go.
func compareBF16(t *testing.T, b *backend, op device.OpDesc, weights int, in, reads [][]byte, tolerance float64) {
	t.Helper()
	op.Precision = device.PrecisionBF16
	eachLayout(op, func(have []device.Layout) {
		for i, l := range have {
			inner := l != nil && l.(layout).order != rowMajor
			if i != weights && len(op.In[i].Shape) > 2 && (inner || op.Kind == device.Conv || op.Kind == device.ConvGradWeight) {
				have[i] = layout{layoutOf(device.Value{Layout: l}).order, ckernel.BFloat16}
			}
			if i == weights {
				have[i] = nil
			}
		}
		compare(t, b, op, have, in, reads, tolerance)
	})
}

func TestBF16Convolutions(t *testing.T) { testBF16Convolutions(t, openFast(t, 2)) }

func TestBF16Convolutions3(t *testing.T) {
	b, err := Open(Options{Threads: 2, Library: libraryOf3(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	testBF16Convolutions(t, b.(*backend))
}

func testBF16Convolutions(t *testing.T, b *backend) {
	if !ckernel.MultipliesBFloat16() {
		t.Skip("this processor does not multiply bfloat16")
	}
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range convCases {
		t.Run(c.name, func(t *testing.T) {
			for i, op := range c.ops() {
				op.Precision = device.PrecisionBF16
				var in [][]byte
				for _, ty := range op.In {
					in = append(in, rounded(rng, ty))
				}
				if !accelerated(b, op, make([]device.Layout, len(op.In))) {
					t.Logf("%s: left to pure Go", op.Kind)
					continue
				}
				compareBF16(t, b, op, []int{1, 1, 2, 1}[i], in, nil, bf16Tolerance)
			}
		})
	}
}

func TestBF16Kernels(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, shape := range shapes {
		if len(shape) < 3 {
			continue
		}
		x, c, pooled := f32(shape...), f32(shape[1]), f32(shape[:2]...)
		for _, kind := range []device.Kind{device.Add, device.Sub, device.Mul, device.ReLUGrad} {
			op := device.OpDesc{Kind: kind, In: []device.Type{x, x}, Out: x}
			compareBF16(t, b, op, -1, [][]byte{rounded(rng, x), rounded(rng, x)}, nil, bf16Tolerance)
		}
		compareBF16(t, b, device.OpDesc{Kind: device.ReLU, In: []device.Type{x}, Out: x}, -1, [][]byte{rounded(rng, x)}, nil, 0)
		compareBF16(t, b, device.OpDesc{Kind: device.AddBias, In: []device.Type{x, c}, Out: x}, -1, [][]byte{rounded(rng, x), normals(rng, c)}, nil, bf16Tolerance)
		// Sums and means are float32.
		compareBF16(t, b, device.OpDesc{Kind: device.SumToChannel, In: []device.Type{x}, Out: c}, -1, [][]byte{rounded(rng, x)}, nil, kernelTolerance)
		compareBF16(t, b, device.OpDesc{Kind: device.GlobalMean, In: []device.Type{x}, Out: pooled}, -1, [][]byte{rounded(rng, x)}, nil, kernelTolerance)
		compareBF16(t, b, device.OpDesc{Kind: device.GlobalMeanGrad, In: []device.Type{pooled, x}, Out: x}, -1, [][]byte{normals(rng, pooled), rounded(rng, x)}, nil, bf16Tolerance)
		if p := planesOf(x); p.n*p.size < 2 {
			continue
		}
		op := device.OpDesc{Kind: device.BatchNorm, Attrs: device.BatchNormAttrs{Eps: 1e-5, Momentum: 0.1},
			In: []device.Type{x, c, c, c, c}, Out: x, Saved: []device.Type{c, c}, Train: true}
		in := [][]byte{rounded(rng, x), normals(rng, c), normals(rng, c), normals(rng, c), positives(rng, c)}
		compareBF16(t, b, op, -1, in, nil, bf16Tolerance)
		grad := device.OpDesc{Kind: device.BatchNormGrad, Attrs: op.Attrs, In: []device.Type{x, x, c}, Out: x,
			Saved: []device.Type{c, c}, Reads: []device.Type{c, c}, Train: true}
		compareBF16(t, b, grad, -1, [][]byte{rounded(rng, x), in[0], in[1]}, [][]byte{normals(rng, c), positives(rng, c)}, bf16Tolerance)
	}
}

func TestBF16AvgPool(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(29, 30))
	for _, channels := range []int{16, 19} {
		x, y := f32(2, channels, 4, 7, 6), f32(2, channels, 2, 4, 3)
		a := device.PoolAttrs{Kernel: []int{3, 3, 3}, Stride: []int{2, 2, 2}, Pad: []int{1, 1, 1}, PadEnd: []int{1, 1, 1}, CountPad: true}
		compareBF16(t, b, device.OpDesc{Kind: device.AvgPool, Attrs: a, In: []device.Type{x}, Out: y}, -1, [][]byte{rounded(rng, x)}, nil, bf16Tolerance)
		compareBF16(t, b, device.OpDesc{Kind: device.AvgPoolGrad, Attrs: a, In: []device.Type{y, x}, Out: x}, -1, [][]byte{rounded(rng, y), rounded(rng, x)}, nil, bf16Tolerance)
	}
}

// What stands between convolutions and keeps their elements.
func TestBF16Elements(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(7, 8))
	x, s, c := f32(3, 32, 2, 9, 9), f32(3, 32, 1, 1, 1), f32(3, 32)
	for _, name := range slices.Sorted(maps.Keys(fastFunctions)) {
		a := device.UnaryAttrs{Func: name, Param: .25}
		compareBF16(t, b, device.OpDesc{Kind: device.Unary, Attrs: a, In: []device.Type{x}, Out: x}, -1, [][]byte{rounded(rng, x)}, nil, bf16Tolerance)
		compareBF16(t, b, device.OpDesc{Kind: device.UnaryGrad, Attrs: a, In: []device.Type{x, x}, Out: x}, -1,
			[][]byte{rounded(rng, x), rounded(rng, x)}, nil, bf16Tolerance)
	}
	compareBF16(t, b, device.OpDesc{Kind: device.Mul, In: []device.Type{x, s}, Out: x}, 1, [][]byte{rounded(rng, x), normals(rng, s)}, nil, bf16Tolerance)
	compareBF16(t, b, device.OpDesc{Kind: device.Dot, Attrs: device.DotAttrs{Axes: []int{2, 3, 4}}, In: []device.Type{x, x}, Out: c}, -1,
		[][]byte{rounded(rng, x), rounded(rng, x)}, nil, kernelTolerance)
	whole := f32(3, 64, 2, 9, 9)
	compareBF16(t, b, device.OpDesc{Kind: device.Concat, Attrs: device.ConcatAttrs{Axis: 1}, In: []device.Type{x, x}, Out: whole}, -1,
		[][]byte{rounded(rng, x), rounded(rng, x)}, nil, 0)
	a := device.SliceAttrs{Axis: 1, From: 16, To: 48, Step: 1}
	compareBF16(t, b, device.OpDesc{Kind: device.Slice, Attrs: a, In: []device.Type{whole}, Out: x}, -1, [][]byte{rounded(rng, whole)}, nil, 0)
	compareBF16(t, b, device.OpDesc{Kind: device.SliceGrad, Attrs: a, In: []device.Type{x, whole}, Out: whole}, -1,
		[][]byte{rounded(rng, x), rounded(rng, whole)}, nil, 0)
	pad := device.PadAttrs{Before: []int{0, 0, 1, 0, 2}, After: []int{0, 0, 0, 1, 2}, Value: -1.5}
	compareBF16(t, b, device.OpDesc{Kind: device.Pad, Attrs: pad, In: []device.Type{x}, Out: f32(3, 32, 3, 10, 13)}, -1, [][]byte{rounded(rng, x)}, nil, 0)
	last := device.PermuteAttrs{Axes: []int{0, 2, 3, 4, 1}}
	compareBF16(t, b, device.OpDesc{Kind: device.Permute, Attrs: last, In: []device.Type{x}, Out: f32(3, 2, 9, 9, 32)}, -1, [][]byte{rounded(rng, x)}, nil, 0)
	drop := device.OpDesc{Kind: device.Dropout, Attrs: device.DropoutAttrs{Rate: .5, Run: 32 * 2 * 81}, In: []device.Type{x, i32()}, Out: x, Train: true}
	compareBF16(t, b, drop, -1, [][]byte{rounded(rng, x), {1, 0, 0, 0}}, nil, 0)
}

// A plan in bfloat16 keeps its activations so wherever the processor multiplies
// them; else every comparison above would compare float32 with float32.
func TestBF16IsUsed(t *testing.T) {
	if !ckernel.MultipliesBFloat16() {
		t.Skip("this processor does not multiply bfloat16")
	}
	b := openFast(t, 2)
	half := func(l device.Layout) bool { return layoutOf(device.Value{Layout: l}).elem == ckernel.BFloat16 }
	for _, c := range convCases {
		if c.name != "3x3x3" && c.name != "depthwise 54" && c.name != "factorised 45" && c.name != "1x1" {
			continue
		}
		for i, op := range c.ops() {
			op.Precision = device.PrecisionBF16
			l := runner{t, b}.lower(op, plainValues(op.In), nil, true)
			if i < 2 && !half(l.Out) || i == 2 && (!half(l.In[0]) || !half(l.In[1]) || half(l.Out)) {
				t.Errorf("%s of %s: activations in %v, result in %v", op.Kind, c.name, l.In, l.Out)
			}
		}
	}
	x, w, y := f32(2, 9, 32), f32(48, 32), f32(2, 9, 48)
	linear := device.OpDesc{Kind: device.Linear, In: []device.Type{x, w}, Out: y, Precision: device.PrecisionBF16}
	if l := (runner{t, b}).lower(linear, plainValues(linear.In), nil, true); !half(l.In[0]) || !half(l.Out) {
		t.Errorf("linear layer of tokens: %v to %v", l.In, l.Out)
	}
	linear.In[0], linear.Out = f32(18, 32), f32(18, 48)
	if l := (runner{t, b}).lower(linear, plainValues(linear.In), nil, true); half(l.In[0]) || half(l.Out) {
		t.Errorf("linear layer of features: %v to %v, want float32", l.In, l.Out)
	}
}

func TestBF16MaxPool(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(9, 10))
	a := device.PoolAttrs{Kernel: []int{1, 3, 3}, Stride: []int{1, 2, 2}, Pad: []int{0, 1, 1}}
	x, y, index := f32(2, 48, 3, 9, 9), f32(2, 48, 3, 5, 5), i32(2, 48, 3, 5, 5)
	op := device.OpDesc{Kind: device.MaxPool, Attrs: a, In: []device.Type{x}, Out: y, Saved: []device.Type{index}, Train: true}
	in := rounded(rng, x)
	compareBF16(t, b, op, -1, [][]byte{in}, nil, 0)
	saved := runner{t, b}.run(op, nil, [][]byte{in}, nil, false).saved
	grad := device.OpDesc{Kind: device.MaxPoolGrad, Attrs: a, In: []device.Type{y, x}, Out: x, Reads: []device.Type{index}, Train: true}
	compareBF16(t, b, grad, -1, [][]byte{rounded(rng, y), in}, saved, bf16Tolerance)
}
