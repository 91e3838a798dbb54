package onnx

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
)

// drawnBatch is the batch at which encoders are drawn first. It is open in the
// file.
const drawnBatch = 2

// OfEncoder is the network of an encoder: "input" (batch, C, frames, height,
// width) to "features" (batch, D). clip is (C,T,H,W), the sizes at which it is
// drawn; an encoder of images gets (batch, C, height, width) where T is 1.
func OfEncoder(e encoder.Entry, c encoder.Config, clip [4]int) Network {
	axes := []Axis{{Name: "batch", Size: drawnBatch}, {Size: clip[0]}, {Name: "frames", Size: clip[1]},
		{Name: "height", Size: clip[2]}, {Name: "width", Size: clip[3]}}
	if e.Images && clip[1] == 1 {
		axes = append(axes[:2], axes[3:]...)
	}
	return Network{
		Name: e.Name, Output: "features", Inputs: []Input{{Name: "input", Axes: axes}},
		Build: func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node { return e.Build(s, in[0], c) },
	}
}

// OfText is the network of a text encoder: "ids", int32, and "mask", float32,
// both (batch, length), to "features" (batch, D). mask is 1 on tokens and 0
// behind them. The length is open up to what the position table holds; half of
// that is drawn.
func OfText(e encoder.TextEntry, c encoder.TextConfig) Network {
	axes := []Axis{{Name: "batch", Size: drawnBatch}, {Name: "length", Size: max(e.Length(c)/2, 1)}}
	return Network{
		Name: e.Name, Output: "features",
		Inputs: []Input{{Name: "ids", DType: device.Int32, Axes: axes}, {Name: "mask", Axes: axes}},
		Build:  func(s nn.Scope, in []*gorgonia.Node) *gorgonia.Node { return e.Build(s, in[0], in[1], c) },
	}
}
