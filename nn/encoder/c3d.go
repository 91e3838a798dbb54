package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
)

// c3DEntry is C3D (Tran et al., arXiv:1412.0767) with batch norm and a global
// mean instead of fc6 and fc7, in the form and with the names of
// xudejing/video-clip-order-prediction. The Caffe model of the paper is
// another. Weights start as PyTorch's convolutions do; biases start at 0, as
// the norm behind each takes them away.
var c3DEntry = Entry{
	Name:       "c3d",
	Doc:        "C3D with batch norm, 27.7 M parameters, 512 features (arXiv:1412.0767)",
	Features:   func(c Config) int { return 8 * c.width(64) },
	Build:      pooled(c3DStages),
	Stages:     c3DStages,
	Classifier: "linear",
}

// c3DLayers are the convolutions between the pools, by name, and their
// channels in multiples of the first's.
var c3DLayers = []struct {
	names    []string
	multiple int
}{
	{[]string{"1"}, 1}, {[]string{"2"}, 2}, {[]string{"3a", "3b"}, 4}, {[]string{"4a", "4b"}, 8}, {[]string{"5a", "5b"}, 8},
}

// c3DStages are the outputs of the four pools and of the last convolution.
func c3DStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	var maps []*gorgonia.Node
	for i, layer := range c3DLayers {
		for _, name := range layer.names {
			x = nn.Conv(s.Sub("conv"+name), x, nn.ConvConfig{
				Out: layer.multiple * c.width(64), Kernel: axes3(3), Pad: axes3(1), Bias: true, Init: nn.TorchLinear,
			})
			x = nn.ReLU(nn.BatchNorm(s.Sub("bn"+name), x))
		}
		switch i {
		case 0:
			x = nn.MaxPool(x, []int{1, 2, 2}, nil, nil)
		case 1, 2, 3:
			x = nn.MaxPool(x, axes3(2), nil, nil)
		}
		maps = append(maps, x)
	}
	return maps
}
