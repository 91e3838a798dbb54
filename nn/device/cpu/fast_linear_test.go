package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

func TestFastLinear(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(31, 32))
	for _, c := range []struct {
		x   []int
		out int
	}{{[]int{1, 1}, 1}, {[]int{5, 7}, 3}, {[]int{4, 50, 48}, 144}, {[]int{2, 3, 5, 33}, 17}, {[]int{197, 64}, 256}} {
		x, w, bias := f32(c.x...), f32(c.out, c.x[len(c.x)-1]), f32(c.out)
		y := f32(append(append([]int{}, c.x[:len(c.x)-1]...), c.out)...)
		for _, op := range []device.OpDesc{
			{Kind: device.Linear, In: []device.Type{x, w, bias}, Out: y},
			{Kind: device.Linear, In: []device.Type{x, w}, Out: y},
			{Kind: device.LinearGradInput, In: []device.Type{y, w}, Out: x},
			{Kind: device.LinearGradWeight, In: []device.Type{x, y}, Out: w},
			{Kind: device.Reduce, Attrs: allButLast(y), In: []device.Type{y}, Out: bias},
		} {
			t.Run(fmt.Sprint(op.Kind, c), func(t *testing.T) {
				var in [][]byte
				for _, ty := range op.In {
					in = append(in, normals(rng, ty))
				}
				compare(t, b, op, nil, in, nil, convTolerance)
			})
		}
	}
}

func allButLast(t device.Type) device.ReduceAttrs {
	a := device.ReduceAttrs{Func: device.ReduceSum}
	for i := range len(t.Shape) - 1 {
		a.Axes = append(a.Axes, i)
	}
	return a
}
