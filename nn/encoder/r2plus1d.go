package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
)

// r2Plus1DEntry is R(2+1)D-18 of Tran et al. (arXiv:1711.11248) with
// torchvision's names and initial values: each 3-D convolution is one in space
// and one in time, with norm and ReLU between.
var r2Plus1DEntry = Entry{
	Name:       "r2plus1d-18",
	Doc:        "ResNet-18 factored into space and time as in torchvision, 31.3 M parameters, 512 features (arXiv:1711.11248)",
	Features:   func(c Config) int { return 8 * c.width(64) },
	Build:      pooled(r2Plus1DStages),
	Stages:     r2Plus1DStages,
	Classifier: "fc",
}

// r2Plus1DStemWidth is published as a number: 83 would follow from the rule.
const r2Plus1DStemWidth = 45

func r2Plus1DStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	width := c.width(64)
	stem := s.Sub("stem")
	x = nn.ReLU(convBN(stem, x, nn.ConvConfig{
		Out: r2Plus1DStemWidth, Kernel: []int{1, 7, 7}, Stride: []int{1, 2, 2}, Pad: []int{0, 3, 3},
	}))
	x = nn.Conv(stem.Sub("3"), x, nn.ConvConfig{Out: width, Kernel: []int{3, 1, 1}, Pad: []int{1, 0, 0}})
	x = nn.ReLU(nn.BatchNorm(stem.Sub("4"), x))
	half := residualStage{convSpaceTime, axes3(2)}
	return residualStages(s, x, c, width, 2, [4]residualStage{{convSpaceTime, axes3(1)}, half, half, half})
}

// convSpaceTime goes through mid channels: "0" in space, norm "1", "3" in time.
// The mid channels are many: normalised, they are computed again for the
// backward pass in any case.
func convSpaceTime(s nn.Scope, x *gorgonia.Node, out, mid int, stride []int) *gorgonia.Node {
	x = nn.Conv(s.Sub("0"), x, nn.ConvConfig{
		Out: mid, Kernel: []int{1, 3, 3}, Stride: []int{1, stride[1], stride[2]}, Pad: []int{0, 1, 1},
	})
	return activated(x, normReLU(s.Sub("1")), func(y *gorgonia.Node) *gorgonia.Node {
		return nn.Conv(s.Sub("3"), y, nn.ConvConfig{Out: out, Kernel: []int{3, 1, 1}, Stride: []int{stride[0], 1, 1}, Pad: []int{1, 0, 0}})
	})
}

// normReLU is a batch norm in scope s with ReLU, as a function.
func normReLU(s nn.Scope) func(x *gorgonia.Node) *gorgonia.Node {
	return func(x *gorgonia.Node) *gorgonia.Node { return nn.ReLU(nn.BatchNorm(s, x)) }
}

// factoredWidth is the number of channels between the halves of a factored
// convolution with which it has about the parameters of the whole one.
func factoredWidth(in, out int, kernel []int) int {
	time, space := kernel[0], kernel[1]*kernel[2]
	return time * space * in * out / (space*in + time*out)
}
