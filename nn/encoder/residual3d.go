package encoder

import (
	"slices"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// axes3 is the same number along T, H and W.
func axes3(n int) []int { return []int{n, n, n} }

// convBN is a convolution without bias and its batch norm, under the names "0"
// and "1" as in torchvision's Sequential.
func convBN(s nn.Scope, x *gorgonia.Node, c nn.ConvConfig) *gorgonia.Node {
	return nn.BatchNorm(s.Sub("1"), nn.Conv(s.Sub("0"), x, c))
}

// blockConv is the convolution of a residual block, of kernel 3: to out
// channels, by way of mid where it is factored. Its scope is torchvision's "0".
type blockConv func(s nn.Scope, x *gorgonia.Node, out, mid int, stride []int) *gorgonia.Node

// conv3x3x3 is the convolution of R3D.
func conv3x3x3(s nn.Scope, x *gorgonia.Node, out, _ int, stride []int) *gorgonia.Node {
	return nn.Conv(s, x, nn.ConvConfig{Out: out, Kernel: axes3(3), Stride: stride, Pad: axes3(1)})
}

// residualStage is one of the four stages of a video ResNet.
type residualStage struct {
	conv   blockConv
	stride []int // of the first block
}

// basicBlock3D is the residual block of two convolutions (He et al.,
// arXiv:1512.03385; in 3-D, Hara et al., arXiv:1711.09577). The shortcut is a
// 1x1x1 convolution where the shape changes, else the input itself.
func basicBlock3D(s nn.Scope, x *gorgonia.Node, out int, stage residualStage) *gorgonia.Node {
	in := x.Shape()[1]
	shortcut := x
	if out != in || slices.Max(stage.stride) > 1 {
		shortcut = convBN(s.Sub("downsample"), x, nn.ConvConfig{Out: out, Kernel: axes3(1), Stride: stage.stride})
	}
	// Both pairs of a block have the width that follows from its input.
	mid := factoredWidth(in, out, axes3(3))
	unit := func(s nn.Scope, x *gorgonia.Node, stride []int) *gorgonia.Node {
		return nn.BatchNorm(s.Sub("1"), stage.conv(s.Sub("0"), x, out, mid, stride))
	}
	y := nn.ReLU(unit(s.Sub("conv1"), x, stage.stride))
	return nn.ReLU(op.Add(unit(s.Sub("conv2"), y, axes3(1)), shortcut))
}

// residualStages appends the four stages, "layer1" to "layer4", to the stem's
// output: blocks blocks each, of width, 2, 4 and 8 times width channels.
func residualStages(s nn.Scope, stem *gorgonia.Node, c Config, width, blocks int, stages [4]residualStage) []*gorgonia.Node {
	maps := []*gorgonia.Node{stem}
	x := stem
	for i, stage := range stages {
		layer := s.Sub("layer" + strconv.Itoa(i+1))
		for b := range blocks {
			if b > 0 {
				stage.stride = axes3(1)
			}
			x = c.block(x, func(x *gorgonia.Node) *gorgonia.Node {
				return basicBlock3D(layer.Sub(strconv.Itoa(b)), x, width<<i, stage)
			})
		}
		maps = append(maps, x)
	}
	return maps
}

// videoStem is the stem of R3D-18 and MC3-18.
func videoStem(s nn.Scope, x *gorgonia.Node, width int) *gorgonia.Node {
	return nn.ReLU(convBN(s.Sub("stem"), x, nn.ConvConfig{
		Out: width, Kernel: []int{3, 7, 7}, Stride: []int{1, 2, 2}, Pad: []int{1, 3, 3},
	}))
}
