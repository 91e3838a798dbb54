package encoder

import (
	"fmt"
	"strconv"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/op"
)

// slowFastEntry is SlowFast R50 (Feichtenhofer et al., arXiv:1812.03982) with
// names and initial values of pytorchvideo. Its input is the fast pathway's
// clip, of a multiple of alpha frames; the slow one's frames are taken from it.
// Settings: alpha, beta, fusion_kernel.
var slowFastEntry = Entry{
	Name:       "slowfast-r50",
	Doc:        "SlowFast ResNet-50 as in pytorchvideo, 8x8 or by alpha=8 4x16, 33.6 M parameters, 2304 features (arXiv:1812.03982)",
	Features:   func(c Config) int { return 8 * expansion * (c.width(64) + c.width(64)/c.beta()) },
	Build:      buildSlowFast,
	Classifier: "blocks.6.proj",
}

// fusedChannels is how many times its own channels the fast pathway gives.
const fusedChannels = 2

func (c Config) alpha() int        { return orOwn(c.Alpha, 4) }
func (c Config) beta() int         { return orOwn(c.Beta, 8) }
func (c Config) fusionKernel() int { return orOwn(c.FusionKernel, 7) }

// Bounds of the settings, past any published.
const maxAlpha, maxBeta, maxFusionKernel = 64, 64, 31

func (c Config) validateSlowFast() error {
	switch {
	case c.Alpha < 0 || c.Alpha > maxAlpha:
		return fmt.Errorf("encoder: alpha %d: set encoder_options.alpha to 1 to %d fast frames for each slow one, or to 0 for 4", c.Alpha, maxAlpha)
	case c.Beta < 0 || c.Beta > maxBeta:
		return fmt.Errorf("encoder: beta %d: set encoder_options.beta to 1 to %d slow channels for each fast one, or to 0 for 8", c.Beta, maxBeta)
	case c.FusionKernel < 0 || c.FusionKernel > maxFusionKernel || c.FusionKernel != 0 && c.FusionKernel%2 == 0:
		return fmt.Errorf("encoder: fusion kernel %d: set encoder_options.fusion_kernel to an odd number up to %d, or to 0 for 7", c.FusionKernel, maxFusionKernel)
	}
	return nil
}

func buildSlowFast(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
	slow := slowPathway(c)
	fast := pathway{width: slow.width / c.beta(), stemTime: 5, times: [4]int{3, 3, 3, 3}}
	block := func(i int) nn.Scope { return s.Sub("blocks").Sub(strconv.Itoa(i)) }
	path := func(i, p int) nn.Scope { return block(i).Sub("multipathway_blocks").Sub(strconv.Itoa(p)) }

	ys, yf := slow.stem(path(0, 0), op.Take(x, 2, slowFrames(x.Shape()[2], c.alpha()))), fast.stem(path(0, 1), x)
	for i := range slow.times {
		ys = fuse(block(i).Sub("multipathway_fusion"), ys, yf, c)
		ys, yf = slow.stage(path(i+1, 0), ys, i, c), fast.stage(path(i+1, 1), yf, i, c)
	}
	return op.Concat(1, nn.GlobalMean(ys), nn.GlobalMean(yf))
}

// slowFrames are frames/alpha places spread over the clip, the first and the
// last among them, rounded down.
func slowFrames(frames, alpha int) []int {
	n := max(frames/alpha, 1)
	at := make([]int, n)
	for i := range at {
		at[i] = i * (frames - 1) / max(n-1, 1)
	}
	return at
}

// fuse adds channels of the fast pathway, at every alpha-th step in time, to
// those of the slow one.
func fuse(s nn.Scope, slow, fast *gorgonia.Node, c Config) *gorgonia.Node {
	y := nn.Conv(s.Sub("conv_fast_to_slow"), fast, nn.ConvConfig{
		Out: fusedChannels * fast.Shape()[1], Kernel: []int{c.fusionKernel(), 1, 1},
		Stride: []int{c.alpha(), 1, 1}, Pad: []int{c.fusionKernel() / 2, 0, 0},
	})
	return op.Concat(1, slow, nn.ReLU(nn.BatchNorm(s.Sub("norm"), y)))
}
