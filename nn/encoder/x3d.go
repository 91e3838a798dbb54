package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// X3D (Feichtenhofer, arXiv:2004.04730) in three sizes, which differ in the
// clips that they are meant for alone, with names and initial values of
// pytorchvideo.
var (
	x3DXSEntry = x3DEntry("xs", "4 frames of 160 px")
	x3DSEntry  = x3DEntry("s", "13 frames of 160 px")
	x3DMEntry  = x3DEntry("m", "16 frames of 224 px")
)

func x3DEntry(size, clips string) Entry {
	return Entry{
		Name:       "x3d-" + size,
		Doc:        "X3D as in pytorchvideo for " + clips + ", 3.0 M parameters, 2048 features (arXiv:2004.04730)",
		Features:   func(Config) int { return x3DFeatures },
		Build:      buildX3D,
		Stages:     x3DStages,
		Classifier: "blocks.5.proj",
	}
}

// x3DFeatures is the width behind the head's last convolution.
const x3DFeatures = 2048

// x3DInner is the width inside the blocks that end in out channels.
func x3DInner(out int) int { return out * 9 / 4 }

// buildX3D goes from the last map through the head: 1x1x1 convolution, norm,
// mean, and another convolution without norm.
func buildX3D(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
	maps := x3DStages(s, x, c)
	x = maps[len(maps)-1]
	head := s.Sub("blocks").Sub("5").Sub("pool")
	x = nn.Conv(head.Sub("pre_conv"), x, nn.ConvConfig{Out: x3DInner(x.Shape()[1]), Kernel: axes3(1)})
	x = spread(nn.GlobalMean(nn.ReLU(nn.BatchNorm(head.Sub("pre_norm"), x))))
	x = nn.ReLU(nn.Conv(head.Sub("post_conv"), x, nn.ConvConfig{Out: x3DFeatures, Kernel: axes3(1)}))
	return op.Reshape(x, x.Shape()[0], x3DFeatures)
}

// spread is features (N,D) as a map of one place, for convolutions of 1x1x1.
func spread(x *gorgonia.Node) *gorgonia.Node {
	return op.Reshape(x, x.Shape()[0], x.Shape()[1], 1, 1, 1)
}

func x3DStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	blocks := s.Sub("blocks")
	x = x3DStem(blocks.Sub("0"), x, c.width(24))
	maps := []*gorgonia.Node{x}
	for i, n := range [4]int{3, 5, 11, 7} {
		out := c.width(24) << i
		for b := range n {
			u := x3DBlock{inner: x3DInner(out), out: out, stride: 1, squeeze: b%2 == 0}
			if b == 0 {
				u.stride = 2
			}
			x = c.block(x, func(x *gorgonia.Node) *gorgonia.Node {
				return u.build(blocks.Sub(strconv.Itoa(i+1)).Sub("res_blocks").Sub(strconv.Itoa(b)), x)
			})
		}
		maps = append(maps, x)
	}
	return maps
}

// x3DStem convolves in space, then each channel in time; the published names
// of the two are swapped.
func x3DStem(s nn.Scope, x *gorgonia.Node, width int) *gorgonia.Node {
	x = nn.Conv(s.Sub("conv.conv_t"), x, nn.ConvConfig{Out: width, Kernel: []int{1, 3, 3}, Stride: []int{1, 2, 2}, Pad: []int{0, 1, 1}})
	x = nn.Conv(s.Sub("conv.conv_xy"), x, nn.ConvConfig{Out: width, Kernel: []int{5, 1, 1}, Pad: []int{2, 0, 0}, Groups: width})
	return nn.ReLU(nn.BatchNorm(s.Sub("norm"), x))
}

// x3DBlock is an inverted bottleneck around a depthwise convolution, with
// squeeze and excitation in every second one. The last norm starts at 0.
type x3DBlock struct {
	inner, out, stride int
	squeeze            bool
}

func (b x3DBlock) build(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	shortcut, stride := b.shortcut(s, x), []int{1, b.stride, b.stride}
	s = s.Sub("branch2")
	y := nn.Conv(s.Sub("conv_a"), x, nn.ConvConfig{Out: b.inner, Kernel: axes3(1)})
	y = activated(y, normReLU(s.Sub("norm_a")), func(y *gorgonia.Node) *gorgonia.Node {
		return nn.Conv(s.Sub("conv_b"), y, nn.ConvConfig{Out: b.inner, Kernel: axes3(3), Stride: stride, Pad: axes3(1), Groups: b.inner})
	})
	y = activated(y, b.excited(s), func(y *gorgonia.Node) *gorgonia.Node {
		return nn.Conv(s.Sub("conv_c"), y, nn.ConvConfig{Out: b.out, Kernel: axes3(1)})
	})
	return nn.ReLU(op.Add(shortcut, nn.BatchNormWith(s.Sub("norm_c"), y, lastNorm)))
}

// excited is what follows the depthwise convolution.
func (b x3DBlock) excited(s nn.Scope) func(x *gorgonia.Node) *gorgonia.Node {
	return func(x *gorgonia.Node) *gorgonia.Node {
		x = nn.BatchNorm(s.Sub("norm_b.0"), x)
		if b.squeeze {
			x = squeezeExcite(s.Sub("norm_b.1.block"), x)
		}
		return op.SiLU(x)
	}
}

// shortcut is projected where the shape changes, and normalised where the
// channels do.
func (b x3DBlock) shortcut(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	in := x.Shape()[1]
	if b.stride == 1 && in == b.out {
		return x
	}
	y := nn.Conv(s.Sub("branch1_conv"), x, nn.ConvConfig{Out: b.out, Kernel: axes3(1), Stride: []int{1, b.stride, b.stride}})
	if in == b.out {
		return y
	}
	return nn.BatchNorm(s.Sub("branch1_norm"), y)
}

// squeezeExcite scales channels by a small network of their means (Hu et al.,
// arXiv:1709.01507); its layers are convolutions in published weights.
func squeezeExcite(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	layer := func(name string, x *gorgonia.Node, out int) *gorgonia.Node {
		return nn.Conv(s.Sub(name), x, nn.ConvConfig{Out: out, Kernel: axes3(1), Bias: true})
	}
	channels := x.Shape()[1]
	squeezed := nn.ReLU(layer("0", spread(nn.GlobalMean(x)), squeezedWidth(channels)))
	return nn.Gate(x, op.Sigmoid(layer("2", squeezed, channels)))
}

// squeezedWidth is a sixteenth of the channels, rounded to a multiple of 8, up
// where rounding down would lose more than a tenth.
func squeezedWidth(channels int) int {
	const ratio, multiple = 16, 8
	width := max(multiple, (channels+ratio*multiple/2)/(ratio*multiple)*multiple)
	if 10*ratio*width < 9*channels {
		width += multiple
	}
	return width
}
