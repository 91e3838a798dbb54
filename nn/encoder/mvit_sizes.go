package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
)

// mvitV1BEntry is MViT-B 16x4 of Fan et al. (arXiv:2104.11227).
var mvitV1BEntry = Entry{
	Name:       "mvit-v1-b",
	Doc:        "multiscale vision transformer v1-B as in torchvision, 36.3 M parameters, 768 features (arXiv:2104.11227)",
	Classifier: "head.1",
	Features:   mvitFeatures,
	Build: func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
		return MViT(s, x, MViTConfig{Blocks: mvitBlocks(c.mvitWidth(), false), Image: c.TableSize, Frames: c.TableTime, DropPath: c.DropPath, Recompute: c.Recompute})
	},
}

// mvitV2SEntry is MViTv2-S 16x4 of Li et al. (arXiv:2112.01526).
var mvitV2SEntry = Entry{
	Name:       "mvit-v2-s",
	Doc:        "multiscale vision transformer v2-S as in torchvision, 34.2 M parameters, 768 features (arXiv:2112.01526)",
	Classifier: "head.1",
	Features:   mvitFeatures,
	Build: func(s nn.Scope, x *gorgonia.Node, c Config) *gorgonia.Node {
		return MViT(s, x, MViTConfig{Blocks: mvitBlocks(c.mvitWidth(), true), ResidualPool: true, Relative: true,
			ProjectEarly: true, Image: c.TableSize, Frames: c.TableTime, DropPath: c.DropPath, Recompute: c.Recompute})
	},
}

// mvitWidth is the number of channels of the first stage.
func (c Config) mvitWidth() int { return c.width(96) }

func mvitFeatures(c Config) int { return 8 * c.mvitWidth() }

// mvitStages are the last blocks of the four stages, which both sizes share;
// width and heads double from one to the next.
var mvitStages = [16]int{0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3}

// mvitBlocks are the 16 blocks of both published sizes. Queries are pooled at
// the start of each stage, keys and values everywhere, to about the same grid.
// In the later version all queries pass a convolution and channels grow at the
// start of a stage, in the earlier one at the end of the one before.
func mvitBlocks(width int, later bool) []MViTBlock {
	kernel := []int{3, 3, 3}
	blocks := make([]MViTBlock, len(mvitStages))
	for i, stage := range mvitStages {
		before, after := mvitStages[max(i-1, 0)], mvitStages[min(i+1, len(mvitStages)-1)]
		b := MViTBlock{Heads: 1 << stage, KernelKV: kernel, StrideKV: []int{1, 8 >> stage, 8 >> stage}}
		start := stage != before
		if later {
			b.In, b.Out, b.KernelQ, b.StrideQ = width<<before, width<<stage, kernel, []int{1, 1, 1}
		} else {
			b.In, b.Out = width<<stage, width<<after
		}
		if start {
			b.KernelQ, b.StrideQ = kernel, []int{1, 2, 2}
		}
		blocks[i] = b
	}
	return blocks
}

// convAttrs are those of a depthwise convolution.
func convAttrs(stride, pad []int, channels int) device.ConvAttrs {
	return device.ConvAttrs{Stride: stride, Pad: pad, Groups: channels}
}
