package nn

import (
	"math"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// ConvConfig describes a convolution; the slices have one entry for each of
// the 1 to 3 spatial axes.
type ConvConfig struct {
	Out      int   // output channels
	Kernel   []int // required
	Stride   []int // nil: 1
	Pad      []int // nil: 0
	Dilation []int // nil: 1
	Groups   int   // 0: 1
	Bias     bool  // adds "bias", from 0
	Init     Init  // nil: KaimingFanOut for ReLU
}

// Conv convolves x (N,C,spatial…) with "weight" (Out, C/Groups, Kernel…).
func Conv(s Scope, x *gorgonia.Node, c ConvConfig) *gorgonia.Node {
	init := c.Init
	if init == nil {
		init = KaimingFanOut(math.Sqrt2)
	}
	shape := append([]int{c.Out, x.Shape()[1] / max(c.Groups, 1)}, c.Kernel...)
	w := s.Param("weight", shape, init, Weight)
	y := op.Conv(x, w, device.ConvAttrs{Stride: c.Stride, Pad: c.Pad, Dilation: c.Dilation, Groups: c.Groups})
	if !c.Bias {
		return y
	}
	return op.AddBias(y, s.Param("bias", []int{c.Out}, Zeros, Bias))
}

// Linear maps the innermost axis of x (…,D) by "weight" (out,D) and, where
// asked for, "bias" (out); both start as PyTorch's do.
func Linear(s Scope, x *gorgonia.Node, out int, bias bool) *gorgonia.Node {
	var start Init
	if bias {
		in := x.Shape()[x.Dims()-1]
		start = Uniform(1 / math.Sqrt(float64(in)))
	}
	return LinearFrom(s, x, out, TorchLinear, start)
}

// LinearFrom is Linear with other initial values; without those of a bias, it
// has none.
func LinearFrom(s Scope, x *gorgonia.Node, out int, weight, bias Init) *gorgonia.Node {
	w := s.Param("weight", []int{out, x.Shape()[x.Dims()-1]}, weight, Weight)
	var b *gorgonia.Node
	if bias != nil {
		b = s.Param("bias", []int{out}, bias, Bias)
	}
	return op.Linear(x, w, b)
}

// LayerNorm normalises the innermost axis of x (…,D): "weight" and "bias" (D).
func LayerNorm(s Scope, x *gorgonia.Node, eps float64) *gorgonia.Node {
	d := []int{x.Shape()[x.Dims()-1]}
	return op.LayerNorm(x, s.Param("weight", d, Ones, Norm), s.Param("bias", d, Zeros, Norm), device.LayerNormAttrs{Eps: eps})
}

// Embedding looks ids, int32 (N,L), up in "weight" (vocabulary, features),
// which starts normal with deviation std: (N,L,features).
func Embedding(s Scope, ids *gorgonia.Node, vocabulary, features int, std float64) *gorgonia.Node {
	return op.Gather(s.Param("weight", []int{vocabulary, features}, Normal(std), Weight), 0, ids)
}

// ReLU is max(x, 0).
func ReLU(x *gorgonia.Node) *gorgonia.Node { return op.ReLU(x) }

// MaxPool takes maxima over windows of x (N,C,spatial…); nil stride is the
// kernel's size, nil pad none.
func MaxPool(x *gorgonia.Node, kernel, stride, pad []int) *gorgonia.Node {
	return op.MaxPool(x, device.PoolAttrs{Kernel: kernel, Stride: stride, Pad: pad})
}

// GlobalMean averages x (N,C,spatial…) over space and time to (N,C).
func GlobalMean(x *gorgonia.Node) *gorgonia.Node { return op.GlobalMean(x) }
