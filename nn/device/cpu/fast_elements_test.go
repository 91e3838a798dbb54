package cpu

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

// functionTolerance: vector functions are within 4e-7, slopes within 2e-6.
const functionTolerance = 4e-6

func TestFastUnary(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(31, 32))
	for _, name := range slices.Sorted(maps.Keys(fastFunctions)) {
		for _, shape := range [][]int{{40, 3}, {2, 17, 3, 4, 4}, {3, 16, 40, 40}} {
			x := f32(shape...)
			op := device.OpDesc{Kind: device.Unary, Attrs: device.UnaryAttrs{Func: name, Param: .25}, In: []device.Type{x}, Out: x}
			in := [][]byte{normals(rng, x)}
			eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, in, nil, functionTolerance) })
			op.Kind, op.In = device.UnaryGrad, []device.Type{x, x}
			in = append(in, normals(rng, x))
			eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, in, nil, functionTolerance) })
		}
	}
}

func TestFastSoftmax(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(33, 34))
	for _, shape := range [][]int{{5, 7}, {2, 3, 200}, {4, 16, 2, 2, 33}, {900, 40}, {19}} {
		for _, log := range []bool{false, true} {
			x := f32(shape...)
			a := device.SoftmaxAttrs{Axis: len(shape) - 1, Log: log}
			op := device.OpDesc{Kind: device.Softmax, Attrs: a, In: []device.Type{x}, Out: x}
			in := normals(rng, x)
			eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, [][]byte{in}, nil, functionTolerance) })
			y := runner{t, b}.run(op, nil, [][]byte{in}, nil, true).out
			op = device.OpDesc{Kind: device.SoftmaxGrad, Attrs: a, In: []device.Type{x, x}, Out: x}
			eachLayout(op, func(have []device.Layout) {
				compare(t, b, op, have, [][]byte{normals(rng, x), y}, nil, functionTolerance)
			})
		}
	}
}

// Every cut of the sums: over places, channels, last, first and middle axes,
// wide rows and several chunks.
func TestFastReduce(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(35, 36))
	for _, tc := range []struct{ shape, axes []int }{
		{[]int{4, 16, 3, 5, 5}, []int{2, 3, 4}}, {[]int{2, 17, 30}, []int{2}}, {[]int{2, 700, 2, 2}, []int{2, 3}},
		{[]int{4, 32, 3, 5, 5}, []int{0, 2, 3, 4}}, {[]int{2, 5, 7}, []int{0, 2}},
		{[]int{9, 40}, []int{1}}, {[]int{9, 40}, []int{0}}, {[]int{9, 40}, []int{0, 1}}, {[]int{3, 30000}, []int{1}},
		{[]int{6, 7, 600}, []int{1}}, {[]int{4, 5000}, []int{0}}, {[]int{300, 20, 8}, []int{0, 1}}, {[]int{50}, []int{0}},
	} {
		x := f32(tc.shape...)
		var kept []int
		for i, d := range tc.shape {
			if !slices.Contains(tc.axes, i) {
				kept = append(kept, d)
			}
		}
		r, ok := axisRangeOf(tc.shape, tc.axes)
		funcs := []device.ReduceFunc{device.ReduceSum}
		if ok {
			funcs = append(funcs, device.ReduceMean)
		}
		if ok && r.inner == 1 {
			funcs = append(funcs, device.ReduceMax, device.ReduceLogSumExp)
		}
		for _, f := range funcs {
			op := device.OpDesc{Kind: device.Reduce, Attrs: device.ReduceAttrs{Func: f, Axes: tc.axes}, In: []device.Type{x}, Out: f32(kept...)}
			eachFast(t, b, op, [][]byte{normals(rng, x)})
		}
		if !ok {
			continue // products over axes apart are left to pure Go
		}
		op := device.OpDesc{Kind: device.Dot, Attrs: device.DotAttrs{Axes: tc.axes}, In: []device.Type{x, x}, Out: f32(kept...)}
		eachFast(t, b, op, [][]byte{normals(rng, x), normals(rng, x)})
	}
}

// eachFast compares in every layout in which the accelerator takes op; in one it
// must.
func eachFast(t *testing.T, b *backend, op device.OpDesc, in [][]byte) {
	t.Helper()
	taken := 0
	eachLayout(op, func(have []device.Layout) {
		var values []device.Value
		for i, ty := range op.In {
			values = append(values, device.Value{Type: ty, Layout: have[i]})
		}
		if _, ok, err := b.fast.Lower(op, values, nil); err != nil {
			t.Fatal(err)
		} else if ok {
			taken++
			compare(t, b, op, have, in, nil, functionTolerance)
		}
	})
	if taken == 0 {
		t.Errorf("%v of %v is left to pure Go", op, op.In)
	}
}

func TestFastBroadcast(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(37, 38))
	for _, tc := range []struct{ shape, small []int }{
		{[]int{3, 16, 4, 5, 5}, []int{3, 16, 1, 1, 1}}, {[]int{2, 17, 40, 40}, []int{2, 17, 1, 1}}, {[]int{2, 300, 3}, []int{2, 300, 1}},
		{[]int{4, 6, 40}, []int{4, 6, 1}}, {[]int{4, 6, 40}, []int{4, 1, 1}}, {[]int{30, 700}, []int{30, 1}},
		{[]int{4, 6, 40}, []int{40}}, {[]int{4, 6, 40}, []int{1, 6, 40}}, {[]int{3, 30000}, []int{30000}}, {[]int{900, 5}, []int{5}},
	} {
		x, s := f32(tc.shape...), f32(tc.small...)
		for _, kind := range []device.Kind{device.Add, device.Mul} {
			in := [][]byte{normals(rng, x), normals(rng, s)}
			eachFast(t, b, device.OpDesc{Kind: kind, In: []device.Type{x, s}, Out: x}, in)
			eachFast(t, b, device.OpDesc{Kind: kind, In: []device.Type{s, x}, Out: x}, [][]byte{in[1], in[0]})
		}
		if tc.small[len(tc.small)-1] == 1 && len(tc.shape) < 4 {
			continue // pure Go repeats single numbers
		}
		eachFast(t, b, device.OpDesc{Kind: device.Broadcast, In: []device.Type{s}, Out: x}, [][]byte{normals(rng, s)})
	}
}

func TestFastPermute(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(39, 40))
	for _, tc := range []struct{ shape, axes []int }{
		{[]int{300, 70}, []int{1, 0}}, {[]int{5, 9}, []int{0, 1}}, {[]int{2, 3, 40, 8}, []int{0, 2, 1, 3}},
		{[]int{2, 48, 3, 5, 5}, []int{0, 2, 3, 4, 1}}, {[]int{2, 17, 9}, []int{0, 2, 1}}, {[]int{2, 3, 5, 5, 32}, []int{0, 4, 1, 2, 3}},
		{[]int{2, 3, 4, 5, 6}, []int{4, 2, 0, 3, 1}}, {[]int{33, 2, 65}, []int{2, 1, 0}}, {[]int{1, 7, 1}, []int{2, 0, 1}},
	} {
		x := f32(tc.shape...)
		out := make([]int, len(tc.axes))
		for i, a := range tc.axes {
			out[i] = tc.shape[a]
		}
		op := device.OpDesc{Kind: device.Permute, Attrs: device.PermuteAttrs{Axes: tc.axes}, In: []device.Type{x}, Out: f32(out...)}
		in := [][]byte{normals(rng, x)}
		eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, in, nil, 0) })
	}
}

func TestFastConcatAndSlice(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(41, 42))
	for _, tc := range []struct {
		shape    []int
		axis     int
		parts    []int
		from, to int
	}{
		{[]int{3, 64, 2, 5, 5}, 1, []int{16, 32, 16}, 16, 48}, {[]int{3, 48, 2, 5, 5}, 1, []int{16, 7, 25}, 3, 20},
		{[]int{3, 16, 4, 5, 5}, 2, []int{1, 3}, 1, 3}, {[]int{6, 16, 4, 5}, 0, []int{2, 4}, 2, 5}, {[]int{3, 16, 4, 6}, 3, []int{5, 1}, 0, 5},
		{[]int{8, 10}, 1, []int{3, 7}, 2, 9}, {[]int{40, 3000}, 0, []int{13, 27}, 1, 40},
	} {
		x := f32(tc.shape...)
		op := device.OpDesc{Kind: device.Concat, Attrs: device.ConcatAttrs{Axis: tc.axis}, Out: x}
		var in [][]byte
		for _, size := range tc.parts {
			part := append([]int{}, tc.shape...)
			part[tc.axis] = size
			op.In = append(op.In, f32(part...))
			in = append(in, normals(rng, f32(part...)))
		}
		eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, in, nil, 0) })
		for _, step := range []int{1, 2} {
			short := append([]int{}, tc.shape...)
			short[tc.axis] = (tc.to - tc.from + step - 1) / step
			y, a := f32(short...), device.SliceAttrs{Axis: tc.axis, From: tc.from, To: tc.to, Step: step}
			if step > 1 && tc.axis > 0 {
				continue
			}
			op = device.OpDesc{Kind: device.Slice, Attrs: a, In: []device.Type{x}, Out: y}
			data := normals(rng, x)
			eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, [][]byte{data}, nil, 0) })
			op = device.OpDesc{Kind: device.SliceGrad, Attrs: a, In: []device.Type{y, x}, Out: x}
			in := [][]byte{normals(rng, y), data}
			eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, in, nil, 0) })
		}
	}
}

// Masks are those of pure Go, to the bit, in elements and in samples.
func TestFastDropout(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(43, 44))
	for _, shape := range [][]int{{300, 70}, {4, 16, 3, 5, 5}, {5, 17, 2, 2}} {
		for _, samples := range []bool{false, true} {
			x, a := f32(shape...), device.DropoutAttrs{Rate: .4, Seed: 9, Stream: 2, Run: 1}
			if samples {
				a.Run = int(x.Elements()) / shape[0]
			}
			op := device.OpDesc{Kind: device.Dropout, Attrs: a, In: []device.Type{x, i32()}, Out: x, Train: true}
			in := [][]byte{normals(rng, x), {7, 0, 0, 0}}
			eachLayout(op, func(have []device.Layout) {
				t.Run(fmt.Sprint(shape, samples, have[0]), func(t *testing.T) { compare(t, b, op, have, in, nil, 0) })
			})
		}
	}
}

func TestFastPad(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(45, 46))
	for _, tc := range []struct{ shape, before, after []int }{
		{[]int{2, 16, 3, 9, 9}, []int{0, 0, 0, 1, 0}, []int{0, 0, 1, 1, 1}}, {[]int{3, 17, 20, 20}, []int{0, 0, 2, -1}, []int{0, 0, 0, -3}},
		{[]int{2, 16, 4, 4}, []int{0, 1, 0, 0}, []int{0, 15, 0, 0}}, {[]int{5}, []int{2}, []int{1}}, {[]int{4, 6}, []int{1, 0}, []int{-2, 0}},
		{[]int{4, 6}, []int{0, -6}, []int{0, 3}}, {[]int{4, 6}, []int{0, 0}, []int{0, 0}}, {[]int{2, 32, 5, 30, 30}, []int{0, 0, 1, 1, 1}, []int{0, 0, 1, 1, 1}},
	} {
		out := make([]int, len(tc.shape))
		for i, d := range tc.shape {
			out[i] = d + tc.before[i] + tc.after[i]
		}
		for _, value := range []float64{0, -1.5} {
			x, a := f32(tc.shape...), device.PadAttrs{Before: tc.before, After: tc.after, Value: value}
			op := device.OpDesc{Kind: device.Pad, Attrs: a, In: []device.Type{x}, Out: f32(out...)}
			in := [][]byte{normals(rng, x)}
			eachLayout(op, func(have []device.Layout) { compare(t, b, op, have, in, nil, 0) })
		}
	}
}

func TestFastCrossEntropy(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(47, 48))
	for _, size := range [][2]int{{1, 1}, {7, 5}, {40, 1000}} {
		for _, smoothing := range []float64{0, .1} {
			n, m := size[0], size[1]
			x, ids, a := f32(n, m), i32(n), device.CrossEntropyAttrs{Smoothing: smoothing}
			targets := make([]byte, 4*n)
			for i := range n {
				targets[4*i] = byte(i % min(m, 200))
				if i%5 == 4 { // left out
					copy(targets[4*i:], []byte{255, 255, 255, 255})
				}
			}
			op := device.OpDesc{Kind: device.CrossEntropy, Attrs: a, In: []device.Type{x, ids}, Out: f32(), Saved: []device.Type{x}}
			in := [][]byte{normals(rng, x), targets}
			compare(t, b, op, nil, in, nil, functionTolerance)
			if smoothing > 0 {
				continue // its gradient is left to pure Go
			}
			softmax := runner{t, b}.run(op, nil, in, nil, true).saved
			grad := device.OpDesc{Kind: device.CrossEntropyGrad, Attrs: a, In: []device.Type{f32(), x, ids}, Out: x, Reads: []device.Type{x}}
			compare(t, b, grad, nil, [][]byte{normals(rng, f32()), in[0], targets}, softmax, functionTolerance)
		}
	}
}

// Steps over the channels of one sample must not become steps over its blocks.
func TestSliceStepsOverChannels(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(61, 62))
	for _, places := range []int{1, 9} {
		x, y := f32(1, 64, places), f32(1, 32, places)
		op := device.OpDesc{Kind: device.Slice, Attrs: device.SliceAttrs{Axis: 1, From: 0, To: 64, Step: 2}, In: []device.Type{x}, Out: y}
		in := [][]byte{normals(rng, x)}
		eachLayout(op, func(have []device.Layout) {
			if accelerated(b, op, have) {
				compare(t, b, op, have, in, nil, 0)
			}
		})
	}
}
