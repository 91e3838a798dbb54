package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
)

// r3D18Entry is the 3-D ResNet-18 of Tran et al. (arXiv:1711.11248) with
// torchvision's names, layer for layer, without its classifier "fc". It has no
// max-pool.
var r3D18Entry = Entry{
	Name:     "r3d-18",
	Doc:      "3-D ResNet-18 as in torchvision, 33 M parameters, 512 features (arXiv:1711.11248)",
	Features: func(c Config) int { return 8 * c.width(64) },
	Build:    pooled(r3D18Stages),
	Stages:   r3D18Stages,
}

func r3D18Stages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	width := c.width(64)
	stem := nn.ReLU(convBN(s.Sub("stem"), x, nn.ConvConfig{
		Out: width, Kernel: []int{3, 7, 7}, Stride: []int{1, 2, 2}, Pad: []int{1, 3, 3},
	}))
	return residualStages(s, stem, c, width, 2, [4][]int{axes3(1), axes3(2), axes3(2), axes3(2)})
}
