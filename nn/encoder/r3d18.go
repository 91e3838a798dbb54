package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
)

// r3D18Entry is the 3-D ResNet-18 of Tran et al. (arXiv:1711.11248) with
// torchvision's names and initial values, layer for layer, without its
// classifier. It has no max-pool.
var r3D18Entry = Entry{
	Name:       "r3d-18",
	Doc:        "3-D ResNet-18 as in torchvision, 33.2 M parameters, 512 features (arXiv:1711.11248)",
	Features:   func(c Config) int { return 8 * c.width(64) },
	Build:      pooled(r3D18Stages),
	Stages:     r3D18Stages,
	Classifier: "fc",
}

func r3D18Stages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	half := residualStage{conv3x3x3, axes3(2)}
	stem := videoStem(s, x, c.width(64))
	return residualStages(s, stem, c, c.width(64), 2, [4]residualStage{{conv3x3x3, axes3(1)}, half, half, half})
}
