package onnx

import (
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/clvid/clvid/nn/encoder"
)

// array is a value of the interpreter.
type array struct {
	shape []int
	data  []float32
}

// interpret evaluates a graph of the few operations that r3d-10 is made of,
// from their definition in the ONNX specification and by nothing of ours.
func interpret(t *testing.T, g *graph, x array) array {
	t.Helper()
	values := map[string]array{g.inputs[0].name: x}
	for _, p := range g.initializers {
		values[p.name] = array{p.shape, p.f32}
	}
	for _, n := range g.nodes {
		var in []array
		for _, name := range n.inputs {
			in = append(in, values[name])
		}
		a := map[string]any{}
		for _, v := range n.attrs {
			a[v.name] = v.value
		}
		var y array
		switch n.op {
		case "Conv":
			y = convolve(in[0], in[1], a)
		case "BatchNormalization":
			y = normalizeChannels(in, float64(a["epsilon"].(float32)))
		case "Relu":
			y = in[0].each(func(v float32, _ int) float32 { return max(v, 0) })
		case "Add":
			y = in[0].each(func(v float32, i int) float32 { return v + in[1].data[i] })
		case "MaxPool":
			y = pool(in[0], a)
		case "GlobalAveragePool":
			y = average(in[0])
		case "Flatten":
			y = array{in[0].shape[:2], in[0].data}
		default:
			t.Fatalf("the interpreter has no %s", n.op)
		}
		values[n.outputs[0]] = y
	}
	return values[g.outputs[0].name]
}

func (a array) each(f func(v float32, i int) float32) array {
	y := array{a.shape, make([]float32, len(a.data))}
	for i, v := range a.data {
		y.data[i] = f(v, i)
	}
	return y
}

// channel is the index along axis 1 of flat element i.
func (a array) channel(i int) int {
	for _, d := range a.shape[2:] {
		i /= d
	}
	return i % a.shape[1]
}

func normalizeChannels(in []array, eps float64) array {
	return in[0].each(func(v float32, i int) float32 {
		c := in[0].channel(i)
		of := func(k int) float64 { return float64(in[k].data[c]) }
		return float32((float64(v)-of(3))/math.Sqrt(of(4)+eps)*of(1) + of(2))
	})
}

func average(x array) array {
	y := array{[]int{x.shape[0], x.shape[1], 1, 1, 1}, make([]float32, x.shape[0]*x.shape[1])}
	each := len(x.data) / len(y.data)
	for i := range y.data {
		sum := 0.
		for _, v := range x.data[i*each : (i+1)*each] {
			sum += float64(v)
		}
		y.data[i] = float32(sum / float64(each))
	}
	return y
}

// eachTap calls f with every output (n,t,h,w) of a 3-axis window and the input
// that each of its taps falls on, padding left out.
func eachTap(x, out []int, kernel, strides, pads []int64, f func(n int, o [3]int, tap, at int)) {
	for i := range out[0] * out[2] * out[3] * out[4] {
		o := [3]int{i / (out[3] * out[4]) % out[2], i / out[4] % out[3], i % out[4]}
		n := i / (out[2] * out[3] * out[4])
		for tap := range int(kernel[0] * kernel[1] * kernel[2]) {
			k := [3]int{tap / int(kernel[1]*kernel[2]), tap / int(kernel[2]) % int(kernel[1]), tap % int(kernel[2])}
			at, inside := 0, true
			for a := range 3 {
				p := o[a]*int(strides[a]) - int(pads[a]) + k[a]
				inside = inside && p >= 0 && p < x[a+2]
				at = at*x[a+2] + p
			}
			if inside {
				f(n, o, tap, at)
			}
		}
	}
}

func outputShape(x array, channels int, kernel, strides, pads []int64) array {
	y := array{shape: []int{x.shape[0], channels}}
	for a := range kernel {
		y.shape = append(y.shape, (x.shape[a+2]+int(pads[a]+pads[a+len(kernel)]-kernel[a]))/int(strides[a])+1)
	}
	size := 1
	for _, d := range y.shape {
		size *= d
	}
	y.data = make([]float32, size)
	return y
}

// flat is the index of (n,c) and a position in a (N,C,T,H,W) shape.
func flat(shape []int, n, c int, o [3]int) int {
	return (((n*shape[1]+c)*shape[2]+o[0])*shape[3]+o[1])*shape[4] + o[2]
}

func convolve(x, w array, a map[string]any) array {
	kernel := []int64{int64(w.shape[2]), int64(w.shape[3]), int64(w.shape[4])}
	strides, pads := a["strides"].([]int64), a["pads"].([]int64)
	y := outputShape(x, w.shape[0], kernel, strides, pads)
	taps := int(kernel[0] * kernel[1] * kernel[2])
	plane := x.shape[2] * x.shape[3] * x.shape[4]
	eachTap(x.shape, y.shape, kernel, strides, pads, func(n int, o [3]int, tap, at int) {
		for k := range w.shape[0] {
			to := flat(y.shape, n, k, o)
			for c := range x.shape[1] {
				y.data[to] += w.data[(k*x.shape[1]+c)*taps+tap] * x.data[(n*x.shape[1]+c)*plane+at]
			}
		}
	})
	return y
}

func pool(x array, a map[string]any) array {
	kernel, strides, pads := a["kernel_shape"].([]int64), a["strides"].([]int64), a["pads"].([]int64)
	y := outputShape(x, x.shape[1], kernel, strides, pads)
	for i := range y.data {
		y.data[i] = float32(math.Inf(-1))
	}
	plane := x.shape[2] * x.shape[3] * x.shape[4]
	eachTap(x.shape, y.shape, kernel, strides, pads, func(n int, o [3]int, _, at int) {
		for c := range x.shape[1] {
			to := flat(y.shape, n, c, o)
			y.data[to] = max(y.data[to], x.data[(n*x.shape[1]+c)*plane+at])
		}
	})
	return y
}

// TestInterpreted evaluates a written r3d-10 without any runtime.
func TestInterpreted(t *testing.T) {
	e, err := encoder.Builtin().Lookup("encoder", "r3d-10")
	if err != nil {
		t.Fatal(err)
	}
	c := encoder.Default()
	c.Width = 4
	n := OfEncoder(e, c, [4]int{3, 4, 16, 16})
	path, _ := export(t, n, 0)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	g, _, _ := parse(t, data)
	for _, sizes := range []map[string]int{nil, {"batch": 1, "frames": 7, "height": 24, "width": 20}} {
		feeds := n.feeds(sizes)
		got := interpret(t, g, array{n.Inputs[0].shape(sizes), feeds[0].([]float32)})
		compare(t, fmt.Sprint(sizes), got.data, compute(t, n, sizes, feeds))
	}
}
