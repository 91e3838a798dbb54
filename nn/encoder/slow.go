package encoder

import (
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// slowR50Entry is the slow pathway of SlowFast by itself (Feichtenhofer et
// al., arXiv:1812.03982), with names and initial values of pytorchvideo.
var slowR50Entry = Entry{
	Name:       "slow-r50",
	Doc:        "Slow ResNet-50 as in pytorchvideo, for 8 frames, 31.6 M parameters, 2048 features (arXiv:1812.03982)",
	Features:   func(c Config) int { return 8 * expansion * c.width(64) },
	Build:      pooled(slowStages),
	Stages:     slowStages,
	Classifier: "blocks.5.proj",
}

// pathway is a ResNet-50 over clips whose convolutions reach over time by so
// many frames in the stem and in the first convolution of each stage's blocks.
type pathway struct {
	width, stemTime int
	times           [4]int
}

// slowPathway looks over time late only.
func slowPathway(c Config) pathway {
	return pathway{width: c.width(64), stemTime: 1, times: [4]int{1, 1, 3, 3}}
}

func slowStages(s nn.Scope, x *gorgonia.Node, c Config) []*gorgonia.Node {
	p := slowPathway(c)
	block := func(i int) nn.Scope { return s.Sub("blocks").Sub(strconv.Itoa(i)) }
	x = p.stem(block(0), x)
	maps := []*gorgonia.Node{x}
	for i := range p.times {
		x = p.stage(block(i+1), x, i, c)
		maps = append(maps, x)
	}
	return maps
}

// stem is convolution, norm, ReLU and max-pool; time keeps its length.
func (p pathway) stem(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	x = nn.Conv(s.Sub("conv"), x, nn.ConvConfig{
		Out: p.width, Kernel: []int{p.stemTime, 7, 7}, Stride: []int{1, 2, 2}, Pad: []int{p.stemTime / 2, 3, 3},
	})
	return nn.MaxPool(nn.ReLU(nn.BatchNorm(s.Sub("norm"), x)), []int{1, 3, 3}, []int{1, 2, 2}, []int{0, 1, 1})
}

// stage number i, from 0, is the blocks "res_blocks.0", "res_blocks.1", ….
func (p pathway) stage(s nn.Scope, x *gorgonia.Node, i int, c Config) *gorgonia.Node {
	for b := range [4]int{3, 4, 6, 3}[i] {
		stride := 1
		if b == 0 && i > 0 {
			stride = 2
		}
		u := videoBottleneck{inner: p.width << i, out: expansion * p.width << i, time: p.times[i], stride: stride}
		x = c.block(x, func(x *gorgonia.Node) *gorgonia.Node {
			return u.build(s.Sub("res_blocks").Sub(strconv.Itoa(b)), x)
		})
	}
	return x
}

// videoBottleneck is pytorchvideo's: conv_a over time, conv_b over space with
// the stride, conv_c to out channels. The last norm starts at 0, so that the
// block starts as its shortcut.
type videoBottleneck struct{ inner, out, time, stride int }

func (b videoBottleneck) build(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	shortcut := x
	stride := []int{1, b.stride, b.stride}
	if b.stride > 1 || x.Shape()[1] != b.out {
		shortcut = nn.Conv(s.Sub("branch1_conv"), x, nn.ConvConfig{Out: b.out, Kernel: axes3(1), Stride: stride})
		shortcut = nn.BatchNorm(s.Sub("branch1_norm"), shortcut)
	}
	s = s.Sub("branch2")
	y := nn.Conv(s.Sub("conv_a"), x, nn.ConvConfig{Out: b.inner, Kernel: []int{b.time, 1, 1}, Pad: []int{b.time / 2, 0, 0}})
	y = nn.ReLU(nn.BatchNorm(s.Sub("norm_a"), y))
	y = nn.Conv(s.Sub("conv_b"), y, nn.ConvConfig{Out: b.inner, Kernel: []int{1, 3, 3}, Stride: stride, Pad: []int{0, 1, 1}})
	y = nn.ReLU(nn.BatchNorm(s.Sub("norm_b"), y))
	y = nn.Conv(s.Sub("conv_c"), y, nn.ConvConfig{Out: b.out, Kernel: axes3(1)})
	return nn.ReLU(op.Add(shortcut, nn.BatchNormWith(s.Sub("norm_c"), y, lastNorm)))
}

// lastNorm is the norm at the end of a residual branch.
var lastNorm = nn.NormConfig{Gamma: nn.Zeros}
