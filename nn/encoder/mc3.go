package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
)

// mc3Entry is the mixed-convolution ResNet-18 of Tran et al.
// (arXiv:1711.11248) with torchvision's names and initial values: 3x3x3 in the
// first stage, 1x3x3 after it. No stage shortens time.
var mc3Entry = Entry{
	Name:       "mc3-18",
	Doc:        "ResNet-18 of mixed 3-D and 2-D convolutions as in torchvision, 11.5 M parameters, 512 features (arXiv:1711.11248)",
	Features:   func(c Config) int { return 8 * c.width(64) },
	Build:      pooled(mc3Stages),
	Stages:     mc3Stages,
	Classifier: "fc",
}

func mc3Stages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	half := residualStage{conv1x3x3, []int{1, 2, 2}}
	stem := videoStem(s, x, c.width(64))
	return residualStages(s, stem, c, c.width(64), 2, [4]residualStage{{conv3x3x3, axes3(1)}, half, half, half})
}

// conv1x3x3 leaves time alone.
func conv1x3x3(s nn.Scope, x *gorgonia.Node, out, _ int, stride []int) *gorgonia.Node {
	return nn.Conv(s, x, nn.ConvConfig{Out: out, Kernel: []int{1, 3, 3}, Stride: stride, Pad: []int{0, 1, 1}})
}
