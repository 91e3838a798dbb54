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

// basicBlock3D is the residual block of two 3x3x3 convolutions (He et al.,
// arXiv:1512.03385; in 3-D, Hara et al., arXiv:1711.09577). The shortcut is a
// 1x1x1 convolution where the shape changes, else the input itself.
func basicBlock3D(s nn.Scope, x *gorgonia.Node, out int, stride []int) *gorgonia.Node {
	shortcut := x
	if out != x.Shape()[1] || slices.Max(stride) > 1 {
		shortcut = convBN(s.Sub("downsample"), x, nn.ConvConfig{Out: out, Kernel: axes3(1), Stride: stride})
	}
	y := nn.ReLU(convBN(s.Sub("conv1"), x, nn.ConvConfig{Out: out, Kernel: axes3(3), Stride: stride, Pad: axes3(1)}))
	y = convBN(s.Sub("conv2"), y, nn.ConvConfig{Out: out, Kernel: axes3(3), Stride: axes3(1), Pad: axes3(1)})
	return nn.ReLU(op.Add(y, shortcut))
}

// residualStages appends the four stages, "layer1" to "layer4", to the stem's
// output: blocks blocks each, of width, 2, 4 and 8 times width channels, the
// first block with the stage's stride.
func residualStages(s nn.Scope, stem *gorgonia.Node, c Config, width, blocks int, strides [4][]int) []*gorgonia.Node {
	maps := []*gorgonia.Node{stem}
	x := stem
	for i, stride := range strides {
		layer := s.Sub("layer" + strconv.Itoa(i+1))
		for b := range blocks {
			if b > 0 {
				stride = axes3(1)
			}
			x = c.block(x, func(x *gorgonia.Node) *gorgonia.Node {
				return basicBlock3D(layer.Sub(strconv.Itoa(b)), x, width<<i, stride)
			})
		}
		maps = append(maps, x)
	}
	return maps
}
