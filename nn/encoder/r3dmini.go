package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// r3DMiniEntry is the 3-D ResNet of one block a stage, and r21DMiniEntry its
// form factored into space and time, of xudejing/video-clip-order-prediction
// (Xu et al., CVPR 2019), with its names; weights start as PyTorch's
// convolutions do.
var (
	r3DMiniEntry = Entry{
		Name:       "r3d-mini",
		Doc:        "3-D ResNet of one block a stage, as for clip order prediction, 14.4 M parameters, 512 features",
		Features:   func(c Config) int { return 8 * c.width(64) },
		Build:      pooled(r3DMiniStages),
		Stages:     r3DMiniStages,
		Classifier: "linear",
	}
	r21DMiniEntry = Entry{
		Name:       "r21d-mini",
		Doc:        "r3d-mini factored into space and time, 14.4 M parameters, 512 features",
		Features:   func(c Config) int { return 8 * c.width(64) },
		Build:      pooled(r21DMiniStages),
		Stages:     r21DMiniStages,
		Classifier: "linear",
	}
)

func r3DMiniStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	return miniStages(s, x, c, func(s nn.Scope, x *gorgonia.Node, c nn.ConvConfig) *gorgonia.Node {
		return nn.Conv(s.Sub("temporal_spatial_conv"), x, c)
	})
}

// r21DMiniStages factors every convolution, those of the shortcuts too, with
// a width of its own for each.
func r21DMiniStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	return miniStages(s, x, c, func(s nn.Scope, x *gorgonia.Node, c nn.ConvConfig) *gorgonia.Node {
		inSpace, inTime := c, c
		inSpace.Out = factoredWidth(x.Shape()[1], c.Out, c.Kernel)
		inSpace.Kernel, inTime.Kernel = only(c.Kernel, 1)
		inSpace.Stride, inTime.Stride = only(c.Stride, 1)
		inSpace.Pad, inTime.Pad = only(c.Pad, 0)
		y := nn.ReLU(nn.BatchNorm(s.Sub("bn"), nn.Conv(s.Sub("spatial_conv"), x, inSpace)))
		return nn.Conv(s.Sub("temporal_conv"), y, inTime)
	})
}

// only splits sizes along T, H and W into those in space and those in time,
// with none along the other axes.
func only(sizes []int, none int) (space, time []int) {
	return []int{none, sizes[1], sizes[2]}, []int{sizes[0], none, none}
}

// miniConv is a convolution of the family; the names below s are its own.
type miniConv func(s nn.Scope, x *gorgonia.Node, c nn.ConvConfig) *gorgonia.Node

// miniStages are the stem "conv1" and the stages "conv2" to "conv5".
func miniStages(s nn.Scope, x *gorgonia.Node, c Config, conv miniConv) []*gorgonia.Node {
	width := c.width(64)
	x = conv(s.Sub("conv1"), x, nn.ConvConfig{
		Out: width, Kernel: []int{3, 7, 7}, Stride: []int{1, 2, 2}, Pad: []int{1, 3, 3}, Init: nn.TorchLinear,
	})
	x = nn.ReLU(nn.BatchNorm(s.Sub("bn1"), x))
	maps := []*gorgonia.Node{x}
	for i := range 4 {
		stride := 2
		if i == 0 {
			stride = 1
		}
		x = c.block(x, func(x *gorgonia.Node) *gorgonia.Node {
			return miniBlock(s.Sub("conv"+strconv.Itoa(i+2)).Sub("block1"), x, width<<i, stride, conv)
		})
		maps = append(maps, x)
	}
	return maps
}

func miniBlock(s nn.Scope, x *gorgonia.Node, out, stride int, conv miniConv) *gorgonia.Node {
	unit := func(name string, x *gorgonia.Node, stride int) *gorgonia.Node {
		return conv(s.Sub(name), x, nn.ConvConfig{Out: out, Kernel: axes3(3), Stride: axes3(stride), Pad: axes3(1), Init: nn.TorchLinear})
	}
	shortcut := x
	if stride > 1 {
		shortcut = conv(s.Sub("downsampleconv"), x, nn.ConvConfig{Out: out, Kernel: axes3(1), Stride: axes3(stride), Pad: axes3(0), Init: nn.TorchLinear})
		shortcut = nn.BatchNorm(s.Sub("downsamplebn"), shortcut)
	}
	y := nn.ReLU(nn.BatchNorm(s.Sub("bn1"), unit("conv1", x, stride)))
	return nn.ReLU(op.Add(shortcut, nn.BatchNorm(s.Sub("bn2"), unit("conv2", y, 1))))
}
