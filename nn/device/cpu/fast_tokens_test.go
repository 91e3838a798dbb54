package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// tokenShapes have widths off and on multiples of 16, of one element, and more
// rows than a chunk.
var tokenShapes = [][]int{{3, 1}, {2, 5, 7}, {1, 16}, {4, 50, 48}, {200, 33}, {2, 3, 5, 384}}

// compareTokens compares an operation with pure Go in float32, and in bfloat16
// on those operands that hold tokens.
func compareTokens(t *testing.T, b *backend, op device.OpDesc, inTokens []bool, in, reads [][]byte, tolerance, tolerance16 float64) {
	t.Helper()
	compare(t, b, op, nil, in, reads, tolerance)
	have := make([]device.Layout, len(op.In))
	for i, is := range inTokens {
		if is {
			have[i] = layout{elem: ckernel.BFloat16}
		}
	}
	op.Precision = device.PrecisionBF16
	compare(t, b, op, have, in, reads, tolerance16)
}

func TestFastLayerNorm(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(41, 42))
	for _, shape := range tokenShapes {
		t.Run(fmt.Sprint(shape), func(t *testing.T) {
			x, d := f32(shape...), f32(shape[len(shape)-1])
			rows := f32(int(x.Elements()) / d.Shape[0])
			a := device.LayerNormAttrs{Eps: 1e-5}
			op := device.OpDesc{Kind: device.LayerNorm, Attrs: a, In: []device.Type{x, d, d}, Out: x, Saved: []device.Type{rows, rows}}
			in := [][]byte{rounded(rng, x), normals(rng, d), normals(rng, d)}
			if d.Shape[0] > 1 { // one feature has no deviation: its inverse is that of eps
				compareTokens(t, b, op, []bool{true}, in, nil, kernelTolerance, bf16Tolerance)
			}
			grad := device.OpDesc{Kind: device.LayerNormGrad, Attrs: a, In: []device.Type{x, x, d}, Out: x,
				Saved: []device.Type{d, d}, Reads: []device.Type{rows, rows}}
			in = [][]byte{rounded(rng, x), in[0], in[1]}
			compareTokens(t, b, grad, []bool{true, true}, in, [][]byte{normals(rng, rows), positives(rng, rows)}, 5*kernelTolerance, bf16Tolerance)
		})
	}
}

func TestFastLayerNormLargeMean(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(43, 44))
	x, d, rows := f32(9, 100), f32(100), f32(9)
	in := normals(rng, x)
	for i := range len(in) / 4 {
		putFloat(in, i, float32(getFloat(in, i)+1e4))
	}
	op := device.OpDesc{Kind: device.LayerNorm, Attrs: device.LayerNormAttrs{Eps: 1e-5}, In: []device.Type{x, d, d}, Out: x, Saved: []device.Type{rows, rows}}
	// float32 keeps a ten-thousandth of the deviation beside such a mean.
	compare(t, b, op, nil, [][]byte{in, positives(rng, d), normals(rng, d)}, nil, 1e-3)
}

func TestFastGELU(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(45, 46))
	for _, f := range []device.UnaryFunc{device.GELU, device.GELUTanh, device.GELUQuick} {
		for _, shape := range append(tokenShapes, []int{2, 3, 80, 90}) {
			x, a := f32(shape...), device.UnaryAttrs{Func: f}
			in := rounded(rng, x)
			for i := range len(in) / 4 {
				if i%3 == 0 { // far into both tails
					putFloat(in, i, float32(8*getFloat(in, i)))
				}
			}
			compareTokens(t, b, device.OpDesc{Kind: device.Unary, Attrs: a, In: []device.Type{x}, Out: x}, []bool{true}, [][]byte{in}, nil, kernelTolerance, bf16Tolerance)
			grad := device.OpDesc{Kind: device.UnaryGrad, Attrs: a, In: []device.Type{x, x}, Out: x}
			compareTokens(t, b, grad, []bool{true, true}, [][]byte{rounded(rng, x), in}, nil, kernelTolerance, bf16Tolerance)
		}
	}
}

func TestFastAttention(t *testing.T) {
	b := openFast(t, 2)
	for _, c := range []struct {
		name                   string
		n, lq, lk, heads, d    int
		causal, packed, masked bool
		biases                 int
	}{
		{"one of each", 1, 1, 1, 1, 1, false, false, false, 0},
		{"cross", 2, 5, 19, 3, 7, false, false, false, 0},
		{"packed", 2, 50, 50, 4, 16, false, true, false, 0},
		{"causal and masked", 3, 33, 33, 2, 12, true, true, true, 0},
		{"bias by head", 3, 21, 17, 2, 8, false, false, false, 2},
		{"bias by sample and head, masked", 2, 21, 17, 2, 8, false, false, true, 4},
		{"tiles of queries", 1, 300, 257, 2, 32, false, false, false, 0},
		{"tiles, causal, with bias", 2, 280, 280, 1, 4, true, true, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(47, 48))
			w := c.heads * c.d
			q, k, y, logs := f32(c.n, c.lq, w), f32(c.n, c.lk, w), f32(c.n, c.lq, w), f32(c.n, c.heads, c.lq)
			in := []device.Type{q, k, k}
			if c.packed {
				in = []device.Type{f32(c.n, c.lq, 3*w)}
			}
			content := len(in)
			saved := append([]device.Type{}, in[1:]...)
			if c.masked {
				in = append(in, f32(c.n, c.lk))
			}
			if c.biases > 0 {
				in = append(in, f32(c.biases, c.lq, c.lk))
				saved = append(saved, in[len(in)-1])
			}
			a := device.AttentionAttrs{Heads: c.heads, Scale: 0.3, Causal: c.causal, Packed: c.packed, Masked: c.masked, Biased: c.biases > 0}
			op := device.OpDesc{Kind: device.Attention, Attrs: a, In: in, Out: y, Saved: []device.Type{logs}}
			var data [][]byte
			for i, ty := range in {
				data = append(data, rounded(rng, ty))
				if c.masked && i == content {
					hideSome(data[i], c.lk)
				}
			}
			is := []bool{true, true, true, true, true}
			compareTokens(t, b, op, is[:content], data, nil, 1e-5, 2*bf16Tolerance)
			forward := runner{t, b}.run(op, nil, data, nil, false)
			grad := device.OpDesc{Kind: device.AttentionGrad, Attrs: a, In: append([]device.Type{y, y}, in...), Out: in[0],
				Saved: saved, Reads: []device.Type{logs}}
			compareTokens(t, b, grad, is[:content+2], append([][]byte{rounded(rng, y), forward.out}, data...), forward.saved, 1e-5, 2*bf16Tolerance)
		})
	}
}

// hideSome hides every third key, and all keys of the last sample.
func hideSome(mask []byte, keys int) {
	n := len(mask) / 4
	for i := range n {
		seen := float32(1)
		if i%3 == 0 || i >= n-keys {
			seen = 0
		}
		putFloat(mask, i, seen)
	}
}
