package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

// kernelTolerance: both sum in float64 and round a handful of times in
// float32; relative to the largest entry.
const kernelTolerance = 2e-6

// shapes have channels off and on multiples of 16, batch 1, one place, one
// channel, more than one chunk of work, and ranks 2 to 5.
var shapes = [][]int{
	{96, 128}, {7, 3}, {2, 5, 9}, {3, 16, 4, 5}, {1, 3, 2, 5, 5}, {2, 17, 3, 4, 4},
	{4, 16, 3, 24, 24}, {5, 40, 2, 2, 2}, {1, 300, 1, 2, 1}, {3, 1, 2, 40, 40}, {6, 64, 1, 1, 1},
}

// eachLayout calls f with all inputs of rank 3 and more plain, then channels
// last and, where they fill them, in blocks.
func eachLayout(op device.OpDesc, f func(have []device.Layout)) {
	for _, o := range []order{rowMajor, channelsLast, blocked} {
		have := make([]device.Layout, len(op.In))
		fits := true
		for i, t := range op.In {
			if len(t.Shape) > 2 {
				have[i] = layout{order: o}.device()
				fits = fits && (o != blocked || blocks(t.Shape[1]))
			}
		}
		if fits {
			f(have)
		}
	}
}

func compareLayouts(t *testing.T, b *backend, op device.OpDesc, in, reads [][]byte) {
	t.Helper()
	eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, in, reads, kernelTolerance) })
}

// positives are like variances: between 0.5 and 1.5.
func positives(rng *rand.Rand, t device.Type) []byte {
	data := make([]byte, t.Bytes())
	for i := range len(data) / 4 {
		putFloat(data, i, float32(0.5+rng.Float64()))
	}
	return data
}

func TestFastBatchNorm(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(7, 8))
	for _, shape := range shapes {
		x, c := f32(shape...), f32(shape[1])
		for _, train := range []bool{true, false} {
			if train && planesOf(x).n*planesOf(x).size < 2 {
				continue
			}
			t.Run(fmt.Sprint(shape, train), func(t *testing.T) {
				op := device.OpDesc{Kind: device.BatchNorm, Attrs: device.BatchNormAttrs{Eps: 1e-5, Momentum: 0.1},
					In: []device.Type{x, c, c, c, c}, Out: x, Saved: []device.Type{c, c}, Train: train}
				in := [][]byte{normals(rng, x), normals(rng, c), normals(rng, c), normals(rng, c), positives(rng, c)}
				compareLayouts(t, b, op, in, nil)
				grad := device.OpDesc{Kind: device.BatchNormGrad, Attrs: op.Attrs, In: []device.Type{x, x, c}, Out: x,
					Saved: []device.Type{c, c}, Reads: []device.Type{c, c}, Train: train}
				in = [][]byte{normals(rng, x), in[0], in[1]}
				compareLayouts(t, b, grad, in, [][]byte{normals(rng, c), positives(rng, c)})
			})
		}
	}
}

// A mean ten thousand times the deviation leaves about 7e-4 of float32's
// relative 6e-8 · 1e4 on normalised values; naive sums of squares would leave
// nothing of them.
func TestFastBatchNormLargeMean(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(9, 10))
	x, c := f32(4, 20, 3, 9, 9), f32(20)
	data := normals(rng, x)
	for i := range len(data) / 4 {
		putFloat(data, i, float32(getFloat(data, i)+1e4))
	}
	op := device.OpDesc{Kind: device.BatchNorm, Attrs: device.BatchNormAttrs{Eps: 1e-5, Momentum: 0.1},
		In: []device.Type{x, c, c, c, c}, Out: x, Saved: []device.Type{c, c}, Train: true}
	in := [][]byte{data, positives(rng, c), normals(rng, c), normals(rng, c), positives(rng, c)}
	compare(t, b, op, nil, in, nil, 1e-3)
}

func TestFastElements(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(11, 12))
	for _, shape := range shapes {
		x := f32(shape...)
		for _, kind := range []device.Kind{device.Add, device.Sub, device.Mul, device.ReLUGrad} {
			op := device.OpDesc{Kind: kind, In: []device.Type{x, x}, Out: x}
			compareLayouts(t, b, op, [][]byte{normals(rng, x), normals(rng, x)}, nil)
		}
		op := device.OpDesc{Kind: device.ReLU, In: []device.Type{x}, Out: x}
		compareLayouts(t, b, op, [][]byte{normals(rng, x)}, nil)
		op = device.OpDesc{Kind: device.Scale, Attrs: device.ScaleAttrs{Factor: -0.3}, In: []device.Type{x}, Out: x}
		compareLayouts(t, b, op, [][]byte{normals(rng, x)}, nil)
	}
}

func TestFastElementsMixedLayouts(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(13, 14))
	x := f32(2, 5, 3, 4)
	op := device.OpDesc{Kind: device.Sub, In: []device.Type{x, x}, Out: x}
	in := [][]byte{normals(rng, x), normals(rng, x)}
	compare(t, b, op, []device.Layout{nil, layout{order: channelsLast}}, in, nil, 0)
	compare(t, b, op, []device.Layout{layout{order: channelsLast}, nil}, in, nil, 0)
}

func TestFastChannelSums(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(15, 16))
	for _, shape := range shapes {
		x, c := f32(shape...), f32(shape[1])
		op := device.OpDesc{Kind: device.AddBias, In: []device.Type{x, c}, Out: x}
		compareLayouts(t, b, op, [][]byte{normals(rng, x), normals(rng, c)}, nil)
		op = device.OpDesc{Kind: device.SumToChannel, In: []device.Type{x}, Out: c}
		compareLayouts(t, b, op, [][]byte{normals(rng, x)}, nil)
	}
}

func TestFastGlobalMean(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(17, 18))
	for _, shape := range shapes {
		x, y := f32(shape...), f32(shape[:2]...)
		op := device.OpDesc{Kind: device.GlobalMean, In: []device.Type{x}, Out: y}
		compareLayouts(t, b, op, [][]byte{normals(rng, x)}, nil)
		op = device.OpDesc{Kind: device.GlobalMeanGrad, In: []device.Type{y, x}, Out: x}
		compareLayouts(t, b, op, [][]byte{normals(rng, y), normals(rng, x)}, nil)
	}
}

func TestFastMaxPool(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(19, 20))
	for _, c := range []struct{ shape, kernel, stride, pad []int }{
		{[]int{2, 16, 3, 9, 9}, []int{1, 3, 3}, []int{1, 2, 2}, []int{0, 1, 1}},
		{[]int{1, 19, 4, 7, 6}, []int{3, 3, 3}, []int{2, 2, 2}, []int{1, 1, 1}},
		{[]int{3, 3, 5, 6, 7}, []int{2, 2, 2}, []int{2, 2, 2}, []int{0, 0, 0}},
		{[]int{2, 40, 8, 8}, []int{3, 3}, []int{2, 2}, []int{1, 1}},
		{[]int{2, 20, 11}, []int{4}, []int{3}, []int{1}},
		{[]int{1, 1, 3, 5, 5}, []int{2, 1, 3}, []int{1, 3, 1}, []int{0, 0, 1}},
	} {
		x := f32(c.shape...)
		ys := append([]int{}, c.shape[:2]...)
		for i, size := range c.shape[2:] {
			ys = append(ys, (size+2*c.pad[i]-c.kernel[i])/c.stride[i]+1)
		}
		y, index := f32(ys...), i32(ys...)
		a := device.PoolAttrs{Kernel: c.kernel, Stride: c.stride, Pad: c.pad}
		op := device.OpDesc{Kind: device.MaxPool, Attrs: a, In: []device.Type{x}, Out: y, Saved: []device.Type{index}, Train: true}
		in := normals(rng, x)
		for i := range len(in) / 8 { // ties: the first must win
			putFloat(in, 2*i, float32(math.Round(getFloat(in, 2*i))))
		}
		compareLayouts(t, b, op, [][]byte{in}, nil)
		saved := runner{t, b}.run(op, nil, [][]byte{in}, nil, false).saved
		op = device.OpDesc{Kind: device.MaxPoolGrad, Attrs: a, In: []device.Type{y, x}, Out: x, Reads: []device.Type{index}, Train: true}
		compareLayouts(t, b, op, [][]byte{normals(rng, y), in}, saved)
	}
}

func TestFastAvgPool(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(27, 28))
	for _, c := range []struct {
		x, y []int
		a    device.PoolAttrs
	}{
		{[]int{2, 16, 3, 9, 9}, []int{2, 16, 3, 5, 5}, device.PoolAttrs{Kernel: []int{1, 3, 3}, Stride: []int{1, 2, 2}, Pad: []int{0, 1, 1}, PadEnd: []int{0, 1, 1}}},
		{[]int{1, 19, 4, 7, 6}, []int{1, 19, 2, 4, 3}, device.PoolAttrs{Kernel: []int{3, 3, 3}, Stride: []int{2, 2, 2}, Pad: []int{1, 1, 1}, PadEnd: []int{1, 1, 1}}},
		{[]int{2, 32, 7, 8}, []int{2, 32, 4, 4}, device.PoolAttrs{Kernel: []int{2, 2}, Stride: []int{2, 2}, Pad: []int{0, 0}, PadEnd: []int{1, 1}}},
		{[]int{2, 3, 6, 7}, []int{2, 3, 3, 3}, device.PoolAttrs{Kernel: []int{3, 3}, Stride: []int{2, 2}, Pad: []int{0, 0}, PadEnd: []int{0, 0}, Ceil: true}},
		{[]int{2, 20, 11}, []int{2, 20, 11}, device.PoolAttrs{Kernel: []int{2}, Stride: []int{1}, Pad: []int{0}, PadEnd: []int{1}}},
		{[]int{2, 5, 9}, []int{2, 5, 3}, device.PoolAttrs{Kernel: []int{1}, Stride: []int{4}, Pad: []int{0}, PadEnd: []int{0}}},
	} {
		for _, c.a.CountPad = range []bool{false, true} {
			x, y := f32(c.x...), f32(c.y...)
			op := device.OpDesc{Kind: device.AvgPool, Attrs: c.a, In: []device.Type{x}, Out: y}
			compareLayouts(t, b, op, [][]byte{normals(rng, x)}, nil)
			op = device.OpDesc{Kind: device.AvgPoolGrad, Attrs: c.a, In: []device.Type{y, x}, Out: x}
			compareLayouts(t, b, op, [][]byte{normals(rng, y), normals(rng, x)}, nil)
		}
	}
}

// The C kernels cut work by shape alone: any number of threads gives the same bits.
func TestFastBitsDoNotDependOnThreads(t *testing.T) {
	one, two := openFast(t, 1), openFast(t, 3)
	rng := rand.New(rand.NewPCG(21, 22))
	x, c := f32(4, 24, 3, 24, 24), f32(24)
	op := device.OpDesc{Kind: device.BatchNorm, Attrs: device.BatchNormAttrs{Eps: 1e-5, Momentum: 0.1},
		In: []device.Type{x, c, c, c, c}, Out: x, Saved: []device.Type{c, c}, Train: true}
	in := [][]byte{normals(rng, x), normals(rng, c), normals(rng, c), normals(rng, c), positives(rng, c)}
	a, b := runner{t, one}.run(op, nil, in, nil, true), runner{t, two}.run(op, nil, in, nil, true)
	if string(a.out) != string(b.out) {
		t.Error("batch norm: one and three threads differ")
	}
	grad := device.OpDesc{Kind: device.BatchNormGrad, Attrs: op.Attrs, In: []device.Type{x, x, c}, Out: x,
		Saved: []device.Type{c, c}, Reads: []device.Type{c, c}, Train: true}
	a = runner{t, one}.run(grad, nil, [][]byte{in[0], a.out, in[1]}, a.saved, true)
	b = runner{t, two}.run(grad, nil, [][]byte{in[0], b.out, in[1]}, b.saved, true)
	if string(a.out) != string(b.out) || string(a.saved[0]) != string(b.saved[0]) {
		t.Error("batch norm gradient: one and three threads differ")
	}
}
