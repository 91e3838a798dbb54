package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// s3DGEntry is S3D-G as trained on HowTo100M (Miech et al., arXiv:1912.06430)
// with the names of antoine77340/S3D_HowTo100M: space to depth, TensorFlow's
// padding, gates everywhere. T, H and W must be even. "fc" maps the features
// to the joint embedding of 512.
var s3DGEntry = Entry{
	Name:       "s3d-g",
	Doc:        "gated S3D as trained on HowTo100M, 9.1 M parameters, 1024 features (arXiv:1912.06430)",
	Features:   func(Config) int { return inceptionFeatures },
	Build:      pooled(s3DGStages),
	Stages:     s3DGStages,
	Classifier: "fc",
}

var howTo100MS3D = s3DLayout{
	gated: true,
	unit: func(branch int, part string) string {
		name := "conv_b" + strconv.Itoa(branch)
		if part != "" {
			name += "_" + part
		}
		return name
	},
	whole: [2]string{"conv1", "bn1"},
	space: [2]string{"conv1", "bn1"},
	time:  [2]string{"conv2", "bn2"},
}

func s3DGStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	l := howTo100MS3D
	l.config = c
	mixed := func(stage int) func(i int) nn.Scope {
		return func(i int) nn.Scope { return s.Sub("mixed_" + strconv.Itoa(stage) + string(rune('b'+i))) }
	}
	// TensorFlow pads a kernel of 2x4x4 behind by one more than before; here it
	// is padded evenly, and the first place along each axis goes. The norm has
	// seen it by then.
	x1 := l.conv(s.Sub("conv1"), spaceToDepth(x), l.whole, nn.ConvConfig{Out: 64, Kernel: []int{2, 4, 4}, Pad: []int{1, 2, 2}})
	x1 = op.Pad(x1, []int{0, 0, -1, -1, -1}, make([]int, 5), 0)
	x2 := l.point(s.Sub("conv_2b"), maxPoolTF(x1, []int{1, 3, 3}, []int{1, 2, 2}), 64)
	x2 = l.gate(s.Sub("gating"), l.separable(s.Sub("conv_2c"), x2, 192, 3, 1))
	x3 := l.inceptions(maxPoolTF(x2, []int{1, 3, 3}, []int{1, 2, 2}), inception3, mixed(3), 0)
	x4 := l.inceptions(maxPoolTF(x3, axes3(3), axes3(2)), inception4, mixed(4), 0)
	x5 := l.inceptions(maxPoolTF(x4, axes3(2), axes3(2)), inception5, mixed(5), 0)
	return []*gorgonia.Node{x1, x2, x3, x4, x5}
}

// spaceToDepth turns cubes of 2x2x2 into channels, in the order of time,
// height, width and channel: (N,C,T,H,W) becomes (N,8C,T/2,H/2,W/2).
func spaceToDepth(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	n, c, t, h, w := s[0], s[1], s[2]/2, s[3]/2, s[4]/2
	cubes := op.Reshape(x, n, c, t, 2, h, 2, w, 2)
	return op.Reshape(op.Permute(cubes, 0, 3, 5, 7, 1, 2, 4, 6), n, 8*c, t, h, w)
}

// maxPoolTF pads by kernel - stride, the smaller half before, and rounds the
// number of windows up. The source pads with zeros, which is the same here: no
// input is below 0, and none of 0 gets a gradient through the ReLU before.
func maxPoolTF(x *gorgonia.Node, kernel, stride []int) *gorgonia.Node {
	a := device.PoolAttrs{Kernel: kernel, Stride: stride, Ceil: true}
	for i := range kernel {
		pad := max(kernel[i]-stride[i], 0)
		a.Pad, a.PadEnd = append(a.Pad, pad/2), append(a.PadEnd, pad-pad/2)
	}
	return op.MaxPool(x, a)
}
