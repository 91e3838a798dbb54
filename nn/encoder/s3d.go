package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// s3DEntry is S3D of Xie et al. (arXiv:1712.04851) with torchvision's names,
// padding, norms and initial values, without its classifier, a 1x1x1
// convolution. With the setting gating it is S3D-G in that layout, whose gates
// no published weights have.
var s3DEntry = Entry{
	Name:       "s3d",
	Doc:        "S3D as in torchvision, or gated, 7.9 M parameters, 1024 features (arXiv:1712.04851)",
	Features:   func(Config) int { return inceptionFeatures },
	Build:      pooled(s3DStages),
	Stages:     s3DStages,
	Classifier: "classifier.1",
}

// torchvisionS3D names parts by their places in Sequentials.
var torchvisionS3D = s3DLayout{
	norm: nn.NormConfig{Eps: 1e-3, Momentum: 1e-3},
	unit: func(branch int, part string) string {
		name := "branch" + strconv.Itoa(branch)
		switch {
		case part == "a":
			return name + ".0"
		case branch > 0:
			return name + ".1"
		}
		return name
	},
	whole: [2]string{"0", "1"},
	space: [2]string{"0.0", "0.1"},
	time:  [2]string{"1.0", "1.1"},
}

// s3DStages are the maps before each halving of the picture, and the last.
func s3DStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	l := torchvisionS3D
	l.gated, l.config = c.Gating, c
	part := func(i int) nn.Scope { return s.Sub("features").Sub(strconv.Itoa(i)) }
	pool1x3x3 := func(x *gorgonia.Node) *gorgonia.Node {
		return nn.MaxPool(x, []int{1, 3, 3}, []int{1, 2, 2}, []int{0, 1, 1})
	}
	x1 := l.separable(part(0), x, 64, 7, 2)
	x2 := l.point(part(2), pool1x3x3(x1), 64)
	x2 = l.gate(part(3).Sub("gating"), l.separable(part(3), x2, 192, 3, 1))
	x3 := l.inceptions(pool1x3x3(x2), inception3, part, 5)
	x4 := l.inceptions(nn.MaxPool(x3, axes3(3), axes3(2), axes3(1)), inception4, part, 8)
	x5 := l.inceptions(nn.MaxPool(x4, axes3(2), nil, nil), inception5, part, 14)
	return []*gorgonia.Node{x1, x2, x3, x4, x5}
}

// inceptions draws blocks that are parts first, first+1, … of a network.
func (l s3DLayout) inceptions(x *gorgonia.Node, blocks []inception, part func(i int) nn.Scope, first int) *gorgonia.Node {
	for i, b := range blocks {
		x = l.config.block(x, func(x *gorgonia.Node) *gorgonia.Node { return l.inception(part(first+i), x, b) })
	}
	return x
}

// inception has the widths of a block's branches: 1x1x1; 1x1x1 and 3x3x3,
// twice; max-pool and 1x1x1.
type inception struct{ b0, b1a, b1, b2a, b2, b3 int }

// The blocks between the pools, Inception-v1's; inceptionFeatures is the width
// of the last.
var (
	inception3 = []inception{{64, 96, 128, 16, 32, 32}, {128, 128, 192, 32, 96, 64}}
	inception4 = []inception{
		{192, 96, 208, 16, 48, 64}, {160, 112, 224, 24, 64, 64}, {128, 128, 256, 24, 64, 64},
		{112, 144, 288, 32, 64, 64}, {256, 160, 320, 32, 128, 128},
	}
	inception5 = []inception{{256, 160, 320, 32, 128, 128}, {384, 192, 384, 48, 128, 128}}
)

const inceptionFeatures = 1024

// s3DLayout is how a publication of S3D names and norms its parts.
type s3DLayout struct {
	norm   nn.NormConfig
	gated  bool
	config Config
	// unit is the name of a convolution of an inception block; part is "a" for
	// the first of two, "b" for the second, "" for the only one.
	unit func(branch int, part string) string
	// names of convolution and norm: of a whole one, and of the halves of a
	// factored one
	whole, space, time [2]string
}

// inception joins the branches in their order.
func (l s3DLayout) inception(s nn.Scope, x *gorgonia.Node, w inception) *gorgonia.Node {
	unit := func(branch int, part string) nn.Scope { return s.Sub(l.unit(branch, part)) }
	branches := []*gorgonia.Node{
		l.point(unit(0, ""), x, w.b0),
		l.separable(unit(1, "b"), l.point(unit(1, "a"), x, w.b1a), w.b1, 3, 1),
		l.separable(unit(2, "b"), l.point(unit(2, "a"), x, w.b2a), w.b2, 3, 1),
		l.point(unit(3, "b"), nn.MaxPool(x, axes3(3), axes3(1), axes3(1)), w.b3),
	}
	for i, b := range branches {
		branches[i] = l.gate(s.Sub("gating_b"+strconv.Itoa(i)), b)
	}
	return op.Concat(1, branches...)
}

// point is a 1x1x1 convolution, norm and ReLU.
func (l s3DLayout) point(s nn.Scope, x *gorgonia.Node, out int) *gorgonia.Node {
	return l.conv(s, x, l.whole, nn.ConvConfig{Out: out, Kernel: axes3(1)})
}

// separable is a convolution in space, then one in time, each with norm and
// ReLU; the padding keeps sizes but for the stride.
func (l s3DLayout) separable(s nn.Scope, x *gorgonia.Node, out, kernel, stride int) *gorgonia.Node {
	x = l.conv(s, x, l.space, nn.ConvConfig{
		Out: out, Kernel: []int{1, kernel, kernel}, Stride: []int{1, stride, stride}, Pad: []int{0, kernel / 2, kernel / 2},
	})
	return l.conv(s, x, l.time, nn.ConvConfig{
		Out: out, Kernel: []int{kernel, 1, 1}, Stride: []int{stride, 1, 1}, Pad: []int{kernel / 2, 0, 0},
	})
}

// conv starts as PyTorch's convolutions do, in both publications.
func (l s3DLayout) conv(s nn.Scope, x *gorgonia.Node, names [2]string, c nn.ConvConfig) *gorgonia.Node {
	c.Init = nn.TorchLinear
	return nn.ReLU(nn.BatchNormWith(s.Sub(names[1]), nn.Conv(s.Sub(names[0]), x, c), l.norm))
}

// gate scales channels by what their means say: sigmoid(W·mean + b).
func (l s3DLayout) gate(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	if !l.gated {
		return x
	}
	return nn.Gate(x, op.Sigmoid(nn.Linear(s.Sub("fc"), nn.GlobalMean(x), x.Shape()[1], true)))
}
