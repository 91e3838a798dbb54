package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
)

// r3D10Entry is a small 3-D ResNet for short clips at 48 to 80 px on a few
// cores: one basic block a stage, width 16. Time is halved twice only, so that
// 7 difference frames of an 8-frame clip still leave two steps.
var r3D10Entry = Entry{
	Name:       "r3d-10",
	Doc:        "small 3-D ResNet for few cores, 0.9 M parameters, 128 features",
	Features:   func(c Config) int { return 8 * c.width(16) },
	Build:      pooled(r3D10Stages),
	Stages:     r3D10Stages,
	Classifier: "fc",
}

func r3D10Stages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	width := c.width(16)
	stem := nn.ReLU(convBN(s.Sub("stem"), x, nn.ConvConfig{
		Out: width, Kernel: []int{3, 5, 5}, Stride: []int{1, 2, 2}, Pad: []int{1, 2, 2},
	}))
	if c.Pool {
		stem = nn.MaxPool(stem, []int{1, 3, 3}, []int{1, 2, 2}, []int{0, 1, 1})
	}
	return residualStages(s, stem, c, width, 1, [4]residualStage{
		{conv3x3x3, axes3(1)}, {conv3x3x3, axes3(2)}, {conv3x3x3, axes3(2)}, {conv3x3x3, []int{1, 2, 2}},
	})
}
