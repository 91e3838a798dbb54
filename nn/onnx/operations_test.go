package onnx

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	dense "gorgonia.org/tensor"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// nodes is the operands of a case.
type nodes []*gorgonia.Node

// opCase is a small network around one operation. Its inputs are written as
// axes: "n=2 3 t=4" is (2,3,4) whose first and last sizes are open; ids: before
// them makes int32 ids.
type opCase struct {
	name   string
	inputs []string
	build  func(s nn.Scope, x nodes) *gorgonia.Node
}

// operations hold at least one case for every kind of the table; a test counts.
var operations = slices.Concat(elementwiseCases(), shapeCases(), rowCases(), convolutionCases(), poolCases(), transformerCases())

func elementwiseCases() []opCase {
	var cases []opCase
	for name, f := range map[string]func(a, b *gorgonia.Node) *gorgonia.Node{"add": op.Add, "sub": op.Sub, "mul": op.Mul, "div": func(a, b *gorgonia.Node) *gorgonia.Node {
		return op.Div(a, op.AtLeast(op.Abs(b), .5))
	}} {
		cases = append(cases, opCase{name, []string{"n=2 3 t=4", "3 1"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return f(x[0], x[1]) }})
	}
	for name, f := range map[string]func(x *gorgonia.Node) *gorgonia.Node{
		"gelu": op.GELU, "gelu tanh": op.GELUTanh, "gelu quick": op.GELUQuick, "silu": op.SiLU, "sigmoid": op.Sigmoid, "tanh": op.Tanh,
		"softplus": op.Softplus, "exp": op.Exp, "square": op.Square, "abs": op.Abs, "relu": op.ReLU, "stop gradient": op.StopGradient,
		"log":      func(x *gorgonia.Node) *gorgonia.Node { return op.Log(op.AtLeast(x, .1)) },
		"sqrt":     func(x *gorgonia.Node) *gorgonia.Node { return op.Sqrt(op.AtLeast(x, .1)) },
		"pow":      func(x *gorgonia.Node) *gorgonia.Node { return op.Pow(op.Abs(x), 1.5) },
		"at least": func(x *gorgonia.Node) *gorgonia.Node { return op.AtLeast(x, .1) },
		"scale":    func(x *gorgonia.Node) *gorgonia.Node { return op.Scale(x, 2.5) },
		"softmax":  func(x *gorgonia.Node) *gorgonia.Node { return op.Softmax(x, 1) }, "log softmax": func(x *gorgonia.Node) *gorgonia.Node { return op.LogSoftmax(x, 2) },
		"sum": func(x *gorgonia.Node) *gorgonia.Node { return op.Sum(x, 1) }, "mean": func(x *gorgonia.Node) *gorgonia.Node { return op.Mean(x, 0, 2) },
		"max": func(x *gorgonia.Node) *gorgonia.Node { return op.Max(x, 2) }, "logsumexp": func(x *gorgonia.Node) *gorgonia.Node { return op.LogSumExp(x, 1) },
		"permute": func(x *gorgonia.Node) *gorgonia.Node { return op.Permute(x, 2, 0, 1) },
	} {
		cases = append(cases, opCase{name, []string{"n=2 3 t=4"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return f(x[0]) }})
	}
	return cases
}

// shapeCases reshape, cut and repeat along axes that are open.
func shapeCases() []opCase {
	return []opCase{
		{"frames into the batch and back", []string{"n=2 3 t=4 h=6"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			s := x[0].Shape()
			y := op.Reshape(op.Permute(x[0], 0, 2, 1, 3), s[0]*s[2], 3, s[3])
			return op.Sum(op.Reshape(y, s[0], s[2], 3, s[3]), 1)
		}},
		{"flatten", []string{"n=2 3 4"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Reshape(x[0], x[0].Shape()[0], 12) }},
		{"two sizes inferred", []string{"n=2 t=4 6"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			s := x[0].Shape()
			return op.Permute(op.Reshape(x[0], s[0], s[1], 2, 3), 2, 1, 0, 3)
		}},
		{"half of the frames", []string{"n=2 t=4 3"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			t := x[0].Shape()[1]
			return op.Reshape(x[0], x[0].Shape()[0]*2, t/2, 3)
		}},
		{"slice", []string{"n=2 5 t=4"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Slice(x[0], 1, 1, 4) }},
		{"all but the last", []string{"n=2 t=4"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Slice(x[0], 1, 0, x[0].Shape()[1]-1) }},
		{"every other", []string{"n=2 t=4 3"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.SliceStep(x[0], 1, 0, x[0].Shape()[1], 2) }},
		{"pad", []string{"n=2 t=4"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Pad(x[0], []int{0, 2}, []int{0, -1}, .5) }},
		{"the rest", []string{"n=2 t=4"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Slice(x[0], 1, 1, x[0].Shape()[1]) }},
		{"second half of a batch", []string{"n=2 3"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			n := x[0].Shape()[0]
			return op.Slice(op.Concat(0, x[0], op.Scale(x[0], 2)), 0, n, 2*n)
		}},
		{"class token", []string{"n=2 t=4 3"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			token := s.Param("token", []int{1, 1, 3}, nn.Zeros, nn.Weight)
			return op.Concat(1, op.Broadcast(token, x[0].Shape()[0], 1, 3), x[0])
		}},
		{"broadcast of another axis", []string{"n=2 t=4", "n=2 3"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			n, t := x[0].Shape()[0], x[0].Shape()[1]
			return op.Add(op.Broadcast(op.Reshape(x[1], n, 1, 3), n, t, 3), op.Reshape(x[0], n, t, 1))
		}},
		{"rows of a table", []string{"n=2 3"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return op.Mul(x[0], table(s.Graph(), []float32{1, 2, 3}, 3))
		}},
		{"places of a table", []string{"n=2 5"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return op.Gather(x[0], 1, table(s.Graph(), []int32{4, 0, 1, 1}, 2, 2))
		}},
		{"take", []string{"n=2 5 t=4"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Take(x[0], 1, []int{3, 0}) }},
		{"frames spread over a clip", []string{"n=2 3 t=8"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			t := x[0].Shape()[2]
			var at []int
			for i := range t / 4 {
				at = append(at, i*(t-1)/max(t/4-1, 1))
			}
			return op.Take(x[0], 2, at)
		}},
		{"one of each row", []string{"n=2 11 3", "ids: n=2"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.GatherEach(x[0], 1, x[1]) }},
		{"some of each row", []string{"n=2 11 3", "ids: n=2 l=5"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.GatherEach(x[0], 1, x[1]) }},
	}
}

// tables counts: as elsewhere, no two drawings use the same name.
var tables int

// table is a leaf that carries its values.
func table(g *gorgonia.ExprGraph, data any, shape ...int) *gorgonia.Node {
	tables++
	return gorgonia.NodeFromAny(g, dense.New(dense.WithShape(shape...), dense.WithBacking(data)), gorgonia.WithName(fmt.Sprint("table", tables)))
}

func rowCases() []opCase {
	return []opCase{
		{"linear", []string{"n=2 6"}, func(s nn.Scope, x nodes) *gorgonia.Node { return nn.Linear(s, x[0], 5, true) }},
		{"matmul, both transposed", []string{"n=2 6", "5 n=2"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			return op.MatMul(x[0], x[1], device.MatMulAttrs{TransA: true, TransB: true})
		}},
		{"dot", []string{"n=2 t=6", "n=2 t=6"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Dot(x[0], x[1], 1) }},
		{"l2 normalise", []string{"n=2 6"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Normalize(x[0]) }},
		{"l2 normalise zeros", []string{"n=2 6"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			return op.Add(op.Normalize(op.Scale(x[0], 0)), op.Scale(x[0], 1))
		}},
		{"words", []string{"ids: n=2 l=5", "n=2 l=5"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return op.MaskedMean(nn.Embedding(s, x[0], idsBelow, 3, 1), op.Square(x[1]))
		}},
		{"words, none counted", []string{"ids: n=2 l=5", "n=2 l=5"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			words := nn.Embedding(s, x[0], idsBelow, 3, 1)
			return op.Add(op.MaskedMean(words, op.Scale(x[1], 0)), op.Sum(words, 1))
		}},
	}
}

func convolutionCases() []opCase {
	return []opCase{
		{"grouped 1-D", []string{"n=2 4 t=9"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return nn.Conv(s, x[0], nn.ConvConfig{Out: 6, Kernel: []int{3}, Stride: []int{2}, Pad: []int{2}, Dilation: []int{2}, Groups: 2, Bias: true})
		}},
		{"2-D, batch norm, mean", []string{"n=2 3 h=9 w=8"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return op.GlobalMean(nn.BatchNorm(s.Sub("1"), nn.Conv(s.Sub("0"), x[0], nn.ConvConfig{Out: 4, Kernel: []int{3, 2}, Pad: []int{1, 0}})))
		}},
		{"batch norm of rows", []string{"n=2 3"}, func(s nn.Scope, x nodes) *gorgonia.Node { return nn.BatchNorm(s, x[0]) }},
		{"transposed", []string{"n=2 4 h=5 w=6"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			w := s.Param("weight", []int{4, 3, 3, 2}, nn.Zeros, nn.Weight)
			return op.ConvTranspose(x[0], w, device.ConvAttrs{Stride: []int{2, 1}, Pad: []int{1, 0}, Groups: 2}, []int{1, 0})
		}},
		{"group norm", []string{"n=2 6 t=5 h=4"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return op.GroupNorm(x[0], s.Param("weight", []int{6}, nn.Ones, nn.Norm), s.Param("bias", []int{6}, nn.Zeros, nn.Norm), device.GroupNormAttrs{Groups: 2, Eps: 1e-5})
		}},
		{"group norm of rows", []string{"n=2 6"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return op.GroupNorm(x[0], s.Param("weight", []int{6}, nn.Ones, nn.Norm), s.Param("bias", []int{6}, nn.Zeros, nn.Norm), device.GroupNormAttrs{Groups: 2, Eps: 1e-5})
		}},
	}
}

func poolCases() []opCase {
	var cases []opCase
	for name, a := range map[string]device.PoolAttrs{
		"of the stem":   {Kernel: []int{1, 3, 3}, Stride: []int{1, 2, 2}, Pad: []int{0, 1, 1}},
		"padded behind": {Kernel: []int{3, 3, 3}, Stride: []int{2, 2, 2}, PadEnd: []int{1, 1, 1}},
		"ceil":          {Kernel: []int{2, 3, 3}, Stride: []int{2, 2, 2}, Ceil: true},
		"ceil, padded":  {Kernel: []int{3, 3, 3}, Stride: []int{2, 2, 2}, PadEnd: []int{1, 1, 1}, Ceil: true},
	} {
		add := func(name string, pool func(*gorgonia.Node, device.PoolAttrs) *gorgonia.Node, a device.PoolAttrs) {
			cases = append(cases, opCase{name, []string{"n=2 3 t=4 h=9 w=8"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return pool(x[0], a) }})
		}
		add("max pool "+name, op.MaxPool, a)
		add("average pool "+name, op.AvgPool, a)
		a.CountPad = true
		add("average pool with padding "+name, op.AvgPool, a)
	}
	for _, out := range [][]int{{1, 1, 1}, {1, 3, 4}, {2, 7, 3}, {6, 1, 11}} {
		for name, pool := range map[string]func(*gorgonia.Node, ...int) *gorgonia.Node{"mean": op.AdaptiveAvgPool, "max": op.AdaptiveMaxPool} {
			cases = append(cases, opCase{fmt.Sprint("adaptive ", name, out), []string{"n=2 3 t=4 h=9 8"},
				func(_ nn.Scope, x nodes) *gorgonia.Node { return pool(x[0], out...) }})
		}
	}
	for rank, sizes := range [][]int{{7}, {7, 12}, {3, 7, 12}} {
		shape := strings.Join([]string{"n=2 3", "h=9", "w=8", "t=4"}[:rank+2], " ")
		add := func(name string, resize func(*gorgonia.Node, ...int) *gorgonia.Node) {
			cases = append(cases, opCase{fmt.Sprintf("%s, %d axes", name, rank+1), []string{shape}, func(_ nn.Scope, x nodes) *gorgonia.Node { return resize(x[0], sizes...) }})
		}
		add("nearest", op.Interpolate)
		add("linear", op.InterpolateLinear)
	}
	cases = append(cases, opCase{"max pool padded as TensorFlow does", []string{"n=2 3 h=9 w=8"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
		a := device.PoolAttrs{Kernel: []int{3, 3}, Stride: []int{2, 2}, PadEnd: []int{1, 1}}
		for _, size := range x[0].Shape()[2:] {
			a.Pad = append(a.Pad, size%2)
		}
		return op.MaxPool(x[0], a)
	}})
	cases = append(cases, opCase{"nearest, twice as large", []string{"n=2 3 h=9 w=8"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
		s := x[0].Shape()
		return op.Interpolate(x[0], 2*s[2], 3*s[3])
	}})
	return cases
}

func transformerCases() []opCase {
	attend := func(o op.AttentionOptions) func(nn.Scope, nodes) *gorgonia.Node {
		return func(_ nn.Scope, x nodes) *gorgonia.Node {
			o := o
			if len(x) > 3 {
				o.Mask = op.AtLeast(x[3], 0) // hides half of the keys
			}
			o.Heads = 2
			return op.Attention(x[0], x[1], x[2], o)
		}
	}
	self := func(o op.AttentionOptions) func(nn.Scope, nodes) *gorgonia.Node {
		return func(_ nn.Scope, x nodes) *gorgonia.Node {
			o := o
			if len(x) > 1 {
				o.Bias = x[1]
			}
			o.Heads = 2
			return op.SelfAttention(x[0], o)
		}
	}
	qkv := []string{"n=2 t=4 6", "n=2 l=5 6", "n=2 l=5 6"}
	return []opCase{
		{"linear of tokens", []string{"n=2 t=4 6"}, func(s nn.Scope, x nodes) *gorgonia.Node { return nn.Linear(s, x[0], 5, true) }},
		{"linear of tokens, no bias", []string{"n=2 t=4 6"}, func(s nn.Scope, x nodes) *gorgonia.Node { return nn.Linear(s, x[0], 5, false) }},
		{"dropout", []string{"n=2 t=4 6"}, func(s nn.Scope, x nodes) *gorgonia.Node {
			return op.Scale(nn.Dropout(s, nn.DropPath(s, x[0], .5), .5), 2)
		}},
		{"layer norm", []string{"n=2 t=4 6"}, func(s nn.Scope, x nodes) *gorgonia.Node { return nn.LayerNorm(s, x[0], 1e-6) }},
		{"l2 normalise tokens", []string{"n=2 t=4 6"}, func(_ nn.Scope, x nodes) *gorgonia.Node { return op.Normalize(x[0]) }},
		{"batched product", []string{"n=2 t=4 6", "n=2 6 l=5"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			return op.BatchMatMul(x[0], x[1], device.MatMulAttrs{})
		}},
		{"batched product, both transposed", []string{"n=2 6 t=4", "n=2 l=5 6"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			return op.BatchMatMul(x[0], x[1], device.MatMulAttrs{TransA: true, TransB: true})
		}},
		{"attention", qkv, attend(op.AttentionOptions{Scale: .7})},
		{"attention, masked", append(slices.Clone(qkv), "n=2 l=5"), attend(op.AttentionOptions{})},
		{"attention, causal", []string{"n=2 t=4 6", "n=2 t=4 6", "n=2 t=4 6"}, attend(op.AttentionOptions{Causal: true})},
		{"attention, causal and masked", []string{"n=2 t=4 6", "n=2 t=4 6", "n=2 t=4 6", "n=2 t=4"}, attend(op.AttentionOptions{Causal: true})},
		{"self-attention", []string{"n=2 t=4 18"}, self(op.AttentionOptions{})},
		{"self-attention, biased", []string{"n=2 t=4 18", "2 t=4 t=4"}, self(op.AttentionOptions{})},
		{"self-attention, a bias for each", []string{"n=2 t=4 18", "n=2 t=4 t=4"}, func(_ nn.Scope, x nodes) *gorgonia.Node {
			return op.SelfAttention(x[0], op.AttentionOptions{Heads: 2, Bias: op.Concat(0, x[1], op.Scale(x[1], 2))})
		}},
	}
}

// network reads the axes of a case.
func (c opCase) network(t *testing.T) Network {
	n := Network{Name: c.name, Output: "y", Build: func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node { return c.build(s, in) }}
	for i, text := range c.inputs {
		in := Input{Name: fmt.Sprint("x", i)}
		if rest, ids := strings.CutPrefix(text, "ids: "); ids {
			in.DType, text = device.Int32, rest
		}
		for _, axis := range strings.Fields(text) {
			var a Axis
			name, size, open := strings.Cut(axis, "=")
			if a.Name = name; !open {
				a.Name, size = "", name
			}
			if _, err := fmt.Sscan(size, &a.Size); err != nil {
				t.Fatal(err)
			}
			in.Axes = append(in.Axes, a)
		}
		n.Inputs = append(n.Inputs, in)
	}
	return n
}

// opsets are the first, which is the default, and for long tests the last.
func opsets() []int {
	if testing.Short() {
		return []int{MinOpset}
	}
	return []int{MinOpset, MaxOpset}
}

// TestOperations runs every case at its own sizes and at others. No axis of
// them needs to be fixed.
func TestOperations(t *testing.T) {
	for _, opset := range opsets() {
		r := newRuns(t)
		for _, c := range operations {
			report := r.add(fmt.Sprintf("%s, opset %d", c.name, opset), c.network(t), opset, nil, map[string]int{"n": 3, "t": 10, "l": 7, "h": 14, "w": 16})
			if len(report.Fixed) > 0 {
				t.Errorf("%s: fixed axes %v", c.name, report.Fixed)
			}
		}
		r.compare()
	}
}

// TestOperationsAreWellFormed reads the file of every case back.
func TestOperationsAreWellFormed(t *testing.T) {
	for _, c := range operations {
		path, m := export(t, c.network(t), 0)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		g, _, _ := parse(t, data)
		if err := g.checkWellFormed(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if !reflect.DeepEqual(g.nodes, m.graph.nodes) {
			t.Errorf("%s: the nodes read differ from those written", c.name)
		}
	}
}

// TestOperationsAreComplete wants a case for every kind that is translated.
func TestOperationsAreComplete(t *testing.T) {
	missing := maps.Clone(translators)
	for _, c := range operations {
		d, err := c.network(t).draw(nil)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, v := range d.values {
			delete(missing, v.kind)
		}
	}
	for kind := range missing {
		t.Errorf("no case of operations has the kind %s", kind)
	}
}
