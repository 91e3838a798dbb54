package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// resNet is a ResNet on images (He et al., arXiv:1512.03385) with torchvision's
// names and initial values. Settings: width; pool; cifar_stem, a 3x3 stem
// without stride and pool; sk_ratio, the variant of SimCLRv2 (see resnet_sk.go).
type resNet struct {
	blocks     [4]int // of each stage
	bottleneck bool
}

var (
	resNet18Entry  = resNet{blocks: [4]int{2, 2, 2, 2}}.entry("18", "11.2")
	resNet34Entry  = resNet{blocks: [4]int{3, 4, 6, 3}}.entry("34", "21.3")
	resNet50Entry  = resNet{blocks: [4]int{3, 4, 6, 3}, bottleneck: true}.entry("50", "23.5")
	resNet101Entry = resNet{blocks: [4]int{3, 4, 23, 3}, bottleneck: true}.entry("101", "42.5")
)

// expansion is the widening at the end of a bottleneck.
const expansion = 4

func (r resNet) entry(layers, millions string) Entry {
	features := 512
	if r.bottleneck {
		features *= expansion
	}
	return Entry{
		Name:   "resnet-" + layers,
		Doc:    "ResNet-" + layers + " on images as in torchvision, " + millions + " M parameters, " + strconv.Itoa(features) + " features (arXiv:1512.03385)",
		Images: true, Features: func(c Config) int { return features / 64 * c.width(64) },
		Build: framewise(r.maps), Stages: frameMaps(r.maps), Classifier: "fc",
	}
}

// maps are those of the stem and of "layer1" to "layer4".
func (r resNet) maps(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	x = resNetStem(s, x, c)
	maps := []*gorgonia.Node{x}
	for i, blocks := range r.blocks {
		layer := s.Sub("layer" + strconv.Itoa(i+1))
		for b := range blocks {
			u := resNetUnit{s: layer.Sub(strconv.Itoa(b)), width: c.width(64) << i, stride: 1, skRatio: c.SKRatio}
			if b == 0 && i > 0 {
				u.stride = 2
			}
			if r.bottleneck {
				x = c.block(x, u.bottleneck)
			} else {
				x = c.block(x, u.basic)
			}
		}
		maps = append(maps, x)
	}
	return maps
}

func resNetStem(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
	width := c.width(64)
	switch {
	case c.CIFARStem:
		x = conv2D(s.Sub("conv1"), x, width, 3, 1)
	case c.SKRatio > 0:
		x = deepStem(s.Sub("conv1"), x, width)
	default:
		x = conv2D(s.Sub("conv1"), x, width, 7, 2)
	}
	x = nn.ReLU(nn.BatchNorm(s.Sub("bn1"), x))
	switch {
	case c.CIFARStem || !c.Pool:
		return x
	case c.SKRatio > 0:
		return maxPoolSame(x)
	}
	return nn.MaxPool(x, []int{3, 3}, []int{2, 2}, []int{1, 1})
}

// conv2D is a convolution without bias that keeps the size but for its stride.
func conv2D(s nn.Scope, x *gorgonia.Node, out, kernel, stride int) *gorgonia.Node {
	return nn.Conv(s, x, nn.ConvConfig{
		Out: out, Kernel: []int{kernel, kernel}, Stride: []int{stride, stride}, Pad: []int{kernel / 2, kernel / 2},
	})
}

// resNetUnit is one residual block.
type resNetUnit struct {
	s             nn.Scope
	width, stride int
	skRatio       float64
}

// basic is two 3x3 convolutions of width channels.
func (u resNetUnit) basic(x *gorgonia.Node) *gorgonia.Node {
	y := nn.ReLU(u.convBN("1", x, u.width, 3, u.stride))
	y = u.convBN("2", y, u.width, 3, 1)
	return nn.ReLU(op.Add(y, u.shortcut(x, u.width)))
}

// bottleneck is 1x1, 3x3 with the stride, and 1x1 to four times width.
func (u resNetUnit) bottleneck(x *gorgonia.Node) *gorgonia.Node {
	y := nn.ReLU(u.convBN("1", x, u.width, 1, 1))
	if u.skRatio > 0 {
		y = selectiveKernels(u.s.Sub("conv2"), y, u.width, u.stride, u.skRatio)
	} else {
		y = nn.ReLU(u.convBN("2", y, u.width, 3, u.stride))
	}
	y = u.convBN("3", y, expansion*u.width, 1, 1)
	return nn.ReLU(op.Add(y, u.shortcut(x, expansion*u.width)))
}

// convBN is convolution and norm number i of the block.
func (u resNetUnit) convBN(i string, x *gorgonia.Node, out, kernel, stride int) *gorgonia.Node {
	return nn.BatchNorm(u.s.Sub("bn"+i), conv2D(u.s.Sub("conv"+i), x, out, kernel, stride))
}

// shortcut is x, projected where the shape changes.
func (u resNetUnit) shortcut(x *gorgonia.Node, out int) *gorgonia.Node {
	if u.stride == 1 && x.Shape()[1] == out {
		return x
	}
	down := u.s.Sub("downsample")
	if u.skRatio > 0 {
		return pooledShortcut(down, x, out, u.stride)
	}
	return nn.BatchNorm(down.Sub("1"), conv2D(down.Sub("0"), x, out, 1, u.stride))
}
