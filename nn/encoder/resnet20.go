package encoder

import (
	"math"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// resNet20CIFAREntry is the ResNet-20 for images of 32 px of He et al.
// (arXiv:1512.03385, section 4.2), with shortcuts of their option A, names and
// initial values as in akamaster/pytorch_resnet_cifar10.
var resNet20CIFAREntry = Entry{
	Name:   "resnet20-cifar",
	Doc:    "ResNet-20 for images of 32 px, 0.3 M parameters, 64 features (arXiv:1512.03385)",
	Images: true, Features: func(c Config) int { return 4 * c.width(16) },
	Build: framewise(resNet20Maps), Stages: frameMaps(resNet20Maps), Classifier: "linear",
}

// resNet20Blocks is the number of blocks of each of the three stages.
const resNet20Blocks = 3

func resNet20Maps(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	width := c.width(16)
	x = nn.ReLU(nn.BatchNorm(s.Sub("bn1"), conv3x3FanIn(s.Sub("conv1"), x, width, 1)))
	maps := []*gorgonia.Node{x}
	for i := range 3 {
		for b := range resNet20Blocks {
			stride := 1
			if b == 0 && i > 0 {
				stride = 2
			}
			x = c.block(x, func(x *gorgonia.Node) *gorgonia.Node {
				return resNet20Block(s.Sub("layer"+strconv.Itoa(i+1)).Sub(strconv.Itoa(b)), x, width<<i, stride)
			})
		}
		maps = append(maps, x)
	}
	return maps
}

func resNet20Block(s nn.Scope, x *gorgonia.Node, out, stride int) *gorgonia.Node {
	y := nn.ReLU(nn.BatchNorm(s.Sub("bn1"), conv3x3FanIn(s.Sub("conv1"), x, out, stride)))
	y = nn.BatchNorm(s.Sub("bn2"), conv3x3FanIn(s.Sub("conv2"), y, out, 1))
	return nn.ReLU(op.Add(y, everySecond(x, out)))
}

func conv3x3FanIn(s nn.Scope, x *gorgonia.Node, out, stride int) *gorgonia.Node {
	return nn.Conv(s, x, nn.ConvConfig{
		Out: out, Kernel: []int{3, 3}, Stride: []int{stride, stride}, Pad: []int{1, 1}, Init: nn.KaimingFanIn(math.Sqrt2),
	})
}

// everySecond is option A: where the channels grow to out, every second pixel
// along both axes, with channels of zeros on either side.
func everySecond(x *gorgonia.Node, out int) *gorgonia.Node {
	s := x.Shape()
	if s[1] == out {
		return x
	}
	x = op.SliceStep(op.SliceStep(x, 2, 0, s[2], 2), 3, 0, s[3], 2)
	before := (out - s[1]) / 2
	return op.Pad(x, []int{0, before, 0, 0}, []int{0, out - s[1] - before, 0, 0}, 0)
}
