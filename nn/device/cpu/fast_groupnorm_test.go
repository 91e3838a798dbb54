package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

func TestFastGroupNorm(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(31, 32))
	for _, tc := range []struct {
		shape  []int
		groups int
	}{
		{[]int{2, 32, 3, 5, 4}, 8}, {[]int{3, 48, 6, 7}, 2}, {[]int{2, 15, 9}, 5}, {[]int{1, 16, 2, 2, 2}, 1}, {[]int{4, 20, 3, 3}, 20}, {[]int{5, 12}, 3},
	} {
		t.Run(fmt.Sprint(tc.shape, tc.groups), func(t *testing.T) {
			x, c, g := f32(tc.shape...), f32(tc.shape[1]), f32(tc.shape[0], tc.groups)
			a := device.GroupNormAttrs{Groups: tc.groups, Eps: 1e-5}
			op := device.OpDesc{Kind: device.GroupNorm, Attrs: a, In: []device.Type{x, c, c}, Out: x, Saved: []device.Type{g, g}}
			in := [][]byte{normals(rng, x), normals(rng, c), normals(rng, c)}
			compareLayouts(t, b, op, in, nil)
			saved := runner{t, b}.run(op, nil, in, nil, false).saved
			grad := device.OpDesc{Kind: device.GroupNormGrad, Attrs: a, In: []device.Type{x, x, c}, Out: x, Saved: []device.Type{c, c}, Reads: []device.Type{g, g}}
			compareLayouts(t, b, grad, [][]byte{normals(rng, x), in[0], in[1]}, saved)
			if len(tc.shape) > 2 {
				in[0] = rounded(rng, x)
				compareBF16(t, b, op, -1, in, nil, bf16Tolerance)
				compareBF16(t, b, grad, -1, [][]byte{rounded(rng, x), in[0], in[1]}, saved, bf16Tolerance)
			}
		})
	}
}
