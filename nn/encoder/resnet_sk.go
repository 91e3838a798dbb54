package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// The parts of a ResNet that SimCLRv2 changes (Chen et al., arXiv:2006.10029,
// google-research/simclr resnet.py): selective kernels in bottlenecks, and stem
// and shortcut of ResNet-D (He et al., arXiv:1812.01187) in all. Names are
// those of timm's skresnet and resnet-d. Departures: a shortcut is projected
// only where the shape changes, and initial values are torchvision's.

// minSelectWidth bounds the features behind the choice from below.
const minSelectWidth = 32

// selectiveKernels stands for the 3x3 convolution of a bottleneck: two of them
// at once, of out channels each, mixed by what they hold.
func selectiveKernels(s nn.Scope, x *gorgonia.Node, out, stride int, ratio float64) *gorgonia.Node {
	y := nn.ReLU(nn.BatchNorm(s.Sub("bn"), conv2D(s.Sub("conv"), x, 2*out, 3, stride)))
	width := max(int(float64(out)*ratio), minSelectWidth)
	y, _ = nn.SelectStreams(s.Sub("attn"), op.Slice(y, 1, 0, out), op.Slice(y, 1, out, 2*out), width)
	return y
}

// deepStem is three 3x3 convolutions, the first with the stride; the norm of
// the last is the stem's own.
func deepStem(s nn.Scope, x *gorgonia.Node, width int) *gorgonia.Node {
	x = nn.ReLU(nn.BatchNorm(s.Sub("1"), conv2D(s.Sub("0"), x, width/2, 3, 2)))
	x = nn.ReLU(nn.BatchNorm(s.Sub("4"), conv2D(s.Sub("3"), x, width/2, 3, 1)))
	return conv2D(s.Sub("6"), x, width, 3, 1)
}

// pooledShortcut averages 2x2 before it projects. With a stride the padding
// behind counts as zeros, without one it does not count, as in the source.
func pooledShortcut(s nn.Scope, x *gorgonia.Node, out, stride int) *gorgonia.Node {
	x = op.AvgPool(x, device.PoolAttrs{
		Kernel: []int{2, 2}, Stride: []int{stride, stride}, Pad: []int{0, 0}, PadEnd: []int{1, 1}, CountPad: stride > 1,
	})
	return nn.BatchNorm(s.Sub("2"), conv2D(s.Sub("1"), x, out, 1, 1))
}

// maxPoolSame is the 3x3 max-pool of stride 2 with TensorFlow's SAME padding:
// ⌈size/2⌉ windows, of whose padding the smaller half lies before.
func maxPoolSame(x *gorgonia.Node) *gorgonia.Node {
	a := device.PoolAttrs{Kernel: []int{3, 3}, Stride: []int{2, 2}, PadEnd: []int{1, 1}}
	for _, size := range x.Shape()[2:] {
		a.Pad = append(a.Pad, size%2)
	}
	return op.MaxPool(x, a)
}
