package golden

import (
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/op"
)

// The first four features of two samples, by PyTorch 2.15 in float64 on input
// and weights of the rule: F.conv2d or conv3d with the kernel's stride, class
// token and table, two pre-norm blocks of F.layer_norm,
// F.scaled_dot_product_attention with 3 heads and F.gelu (tanh for ViViT),
// F.layer_norm, token 0.
func TestViT(t *testing.T) {
	size := encoder.ViTConfig{Width: 12, Layers: 2, Heads: 3, Patch: 8}
	for _, tc := range []struct {
		name  string
		shape []int
		build func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node
		want  []float64
	}{
		{"image", []int{2, 3, 16, 24}, func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node { return encoder.ViT(s, x, size) },
			[]float64{-0.008360744320765638, 1.032434617277561, 0.8618441160180925, 0.3527833401207314,
				-1.0653040018471112, 0.8237565853976562, -0.8328075484319272, -2.136571616325002}},
		{"tubelet", []int{2, 3, 4, 16, 24}, func(s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
			return encoder.ViViT(s, x, encoder.ViViTConfig{ViTConfig: size, Tubelet: 2})
		}, []float64{-0.648666555737959, 0.5616641794559925, 0.2486304212552966, 0.3878792171977016,
			0.08274609870705858, -0.5645586445110496, 0.11480253953523047, 2.6365897112385506}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			n := newNet(device.Float64)
			in := Tensor{Shape: tc.shape, Rule: "u('input',i)"}
			if err := in.fill(); err != nil {
				t.Fatal(err)
			}
			y := tc.build(n.scope, n.input("input", in))
			y = op.Slice(op.Slice(y, 1, 0, 1), 2, 0, 4)
			n.fill()
			got, err := n.once(false, map[string]*gorgonia.Node{"y": y})
			if err != nil {
				t.Fatal(err)
			}
			if err := Compare(got["y"], Numbers(tc.want, 2, 1, 4), 1e-9); err != nil {
				t.Error(err)
			}
		})
	}
}
