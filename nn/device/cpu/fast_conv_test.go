package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/clvid/clvid/nn/device"
)

type convCase struct {
	name                    string
	n, c, k, groups         int
	in, kernel, stride, pad []int
	dilation                []int
}

var convCases = []convCase{
	{"stem", 2, 3, 16, 1, []int{3, 12, 12}, []int{3, 5, 5}, []int{1, 2, 2}, []int{1, 2, 2}, nil},
	{"stem of 64", 1, 3, 64, 1, []int{4, 14, 14}, []int{3, 7, 7}, []int{1, 2, 2}, []int{1, 3, 3}, nil},
	{"3x3x3", 2, 16, 16, 1, []int{3, 6, 6}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"3x3x3 stride 2", 3, 16, 32, 1, []int{4, 6, 6}, []int{3, 3, 3}, []int{2, 2, 2}, []int{1, 1, 1}, nil},
	{"small map", 5, 64, 64, 1, []int{2, 3, 3}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"small map stride 2", 5, 64, 128, 1, []int{2, 3, 3}, []int{3, 3, 3}, []int{1, 2, 2}, []int{1, 1, 1}, nil},
	{"three frames", 4, 16, 16, 1, []int{3, 16, 16}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"three frames stride 2", 4, 16, 32, 1, []int{3, 16, 16}, []int{3, 3, 3}, []int{2, 2, 2}, []int{1, 1, 1}, nil},
	{"two frames", 4, 32, 32, 1, []int{2, 8, 8}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"one frame", 4, 64, 64, 1, []int{1, 4, 4}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"one place", 2, 24, 40, 1, []int{1, 1, 1}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"1x1x1", 2, 16, 32, 1, []int{2, 5, 5}, []int{1, 1, 1}, []int{2, 2, 2}, []int{0, 0, 0}, nil},
	{"1x1x1 of a middle", 3, 24, 40, 1, []int{5, 7, 6}, []int{1, 1, 1}, []int{2, 3, 2}, []int{0, 0, 0}, nil},
	{"1x1", 2, 48, 32, 1, []int{7, 7}, []int{1, 1}, []int{2, 2}, []int{0, 0}, nil},
	{"factorised stem", 2, 3, 45, 1, []int{4, 24, 24}, []int{1, 7, 7}, []int{1, 2, 2}, []int{0, 3, 3}, nil},
	{"factorised 45", 2, 45, 64, 1, []int{8, 12, 12}, []int{3, 1, 1}, []int{1, 1, 1}, []int{1, 0, 0}, nil},
	{"factorised 230", 2, 64, 230, 1, []int{8, 14, 14}, []int{1, 3, 3}, []int{1, 2, 2}, []int{0, 1, 1}, nil},
	{"factorised in time", 2, 230, 128, 1, []int{8, 7, 7}, []int{3, 1, 1}, []int{2, 1, 1}, []int{1, 0, 0}, nil},
	{"odd channels", 1, 5, 7, 1, []int{3, 7, 5}, []int{3, 2, 3}, []int{1, 2, 1}, []int{1, 0, 1}, nil},
	{"17 to 33", 2, 17, 33, 1, []int{2, 9, 8}, []int{1, 3, 3}, []int{1, 2, 2}, []int{0, 1, 1}, nil},
	{"temporal", 2, 18, 16, 1, []int{5, 4, 4}, []int{3, 1, 1}, []int{1, 1, 1}, []int{1, 0, 0}, nil},
	{"2-D", 2, 12, 20, 1, []int{9, 11}, []int{3, 3}, []int{2, 1}, []int{1, 1}, nil},
	{"2-D dilated", 1, 16, 16, 1, []int{9, 9}, []int{3, 3}, []int{1, 1}, []int{2, 2}, []int{2, 2}},
	{"1-D", 3, 8, 16, 1, []int{20}, []int{5}, []int{2}, []int{2}, nil},
	{"grouped", 2, 32, 32, 2, []int{2, 5, 5}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"depthwise 54", 2, 54, 54, 54, []int{3, 7, 9}, []int{3, 3, 3}, []int{1, 1, 1}, []int{1, 1, 1}, nil},
	{"depthwise blocks", 3, 48, 48, 48, []int{2, 9, 17}, []int{3, 3, 3}, []int{1, 2, 2}, []int{1, 1, 1}, nil},
	{"depthwise temporal", 2, 24, 24, 24, []int{7, 3, 3}, []int{5, 1, 1}, []int{2, 1, 1}, []int{2, 0, 0}, nil},
	{"depthwise dilated", 1, 20, 20, 20, []int{11, 13}, []int{3, 5}, []int{3, 2}, []int{2, 1}, []int{2, 3}},
	{"depthwise 1-D", 2, 3, 3, 3, []int{2}, []int{7}, []int{1}, []int{3}, nil},
	{"depthwise", 2, 8, 8, 8, []int{3, 6, 6}, []int{3, 3, 3}, []int{1, 2, 2}, []int{1, 1, 1}, nil},
}

func (c convCase) types() (x, w, y device.Type, a device.ConvAttrs) {
	a = device.ConvAttrs{Stride: c.stride, Pad: c.pad, Dilation: c.dilation, Groups: c.groups}
	xs, ws, ys := []int{c.n, c.c}, []int{c.k, c.c / c.groups}, []int{c.n, c.k}
	if a.Dilation == nil {
		for range c.in {
			a.Dilation = append(a.Dilation, 1)
		}
	}
	for i, size := range c.in {
		reach := a.Dilation[i]*(c.kernel[i]-1) + 1
		xs, ws = append(xs, size), append(ws, c.kernel[i])
		ys = append(ys, (size+2*c.pad[i]-reach)/c.stride[i]+1)
	}
	return f32(xs...), f32(ws...), f32(ys...), a
}

func (c convCase) ops() []device.OpDesc {
	x, w, y, a := c.types()
	return []device.OpDesc{
		{Kind: device.Conv, Attrs: a, In: []device.Type{x, w}, Out: y, Train: true},
		{Kind: device.ConvGradInput, Attrs: a, In: []device.Type{y, w, x}, Out: x, Train: true},
		{Kind: device.ConvGradWeight, Attrs: a, In: []device.Type{x, y, w}, Out: w, Train: true},
		{Kind: device.ConvTranspose, Attrs: a, In: []device.Type{y, w}, Out: x},
	}
}

// convTolerance: float32 sums of up to some ten thousand products in two
// orders, relative to the largest entry.
const convTolerance = 2e-5

func testConvolutions(t *testing.T, b *backend) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range convCases {
		t.Run(c.name, func(t *testing.T) {
			for _, op := range c.ops() {
				var in [][]byte
				for _, ty := range op.In {
					in = append(in, normals(rng, ty))
				}
				for _, have := range []device.Layout{nil, layout{order: channelsLast}, layout{order: blocked}} {
					if layoutOf(device.Value{Layout: have}).order == blocked && !(blocks(c.c) && blocks(c.k)) {
						continue
					}
					layouts := make([]device.Layout, len(op.In))
					for i, ty := range op.In {
						if len(ty.Shape) > 2 && (i == 0 || op.Kind == device.ConvGradWeight && i == 1) {
							layouts[i] = have
						}
					}
					if !accelerated(b, op, layouts) {
						t.Logf("%s: left to pure Go", op.Kind)
						continue
					}
					compare(t, b, op, layouts, in, nil, convTolerance)
				}
			}
		})
	}
}

func accelerated(b *backend, op device.OpDesc, layouts []device.Layout) (ok bool) {
	in := make([]device.Value, len(op.In))
	for i, ty := range op.In {
		in[i] = device.Value{Type: ty, Layout: layouts[i]}
	}
	b.thread.do(func() { _, ok, _ = b.fast.Lower(op, in, nil) })
	return ok
}

func TestFastConv(t *testing.T) { testConvolutions(t, openFast(t, 2)) }

func TestFastConvOneThread(t *testing.T) { testConvolutions(t, openFast(t, 1)) }

func TestFastConv3(t *testing.T) {
	b, err := Open(Options{Threads: 2, Library: libraryOf3(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	testConvolutions(t, b.(*backend))
}

// Tap by tap serves where the library unfolds its input, which depends on the
// library: tested on every shape of one group, chosen or not.
func TestFastTaps(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(27, 28))
	for _, c := range convCases {
		if c.groups > 1 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			op := c.ops()[2]
			in := [][]byte{normals(rng, op.In[0]), normals(rng, op.In[1]), normals(rng, op.In[2])}
			g := convolution{op.In[0], op.Out, op.In[1], op.Attrs.(device.ConvAttrs)}
			l := b.fast.(*fast).lowerTaps(g, make([]device.Value, 3))
			r := runner{t, b}
			want := r.run(op, nil, in, nil, false)
			got := r.runLowered(op, l, make([]device.Value, 3), nil, in, nil)
			near(t, "dw", got.out, want.out, convTolerance)
			again := r.runLowered(op, l, make([]device.Value, 3), nil, in, nil)
			if string(again.out) != string(got.out) {
				t.Error("two runs differ")
			}
		})
	}
}

// More rows than one product takes, so that products are added up.
func TestFastTapsManyRows(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(29, 30))
	c := convCase{"", 9, 16, 17, 1, []int{4, 9, 9}, []int{3, 1, 3}, []int{1, 1, 1}, []int{1, 0, 1}, nil}
	op := c.ops()[2]
	in := [][]byte{normals(rng, op.In[0]), normals(rng, op.In[1]), normals(rng, op.In[2])}
	l := b.fast.(*fast).lowerTaps(convolution{op.In[0], op.Out, op.In[1], op.Attrs.(device.ConvAttrs)}, make([]device.Value, 3))
	r := runner{t, b}
	near(t, "dw", r.runLowered(op, l, make([]device.Value, 3), nil, in, nil).out, r.run(op, nil, in, nil, false).out, convTolerance)
}

func TestFastMatMul(t *testing.T) {
	b := openFast(t, 2)
	rng := rand.New(rand.NewPCG(5, 6))
	for _, size := range [][3]int{{1, 1, 1}, {5, 7, 3}, {96, 128, 128}, {192, 192, 64}, {17, 300, 33}} {
		for i := range 4 {
			a := device.MatMulAttrs{TransA: i&1 != 0, TransB: i&2 != 0}
			m, n, k := size[0], size[1], size[2]
			x, y := f32(m, k), f32(k, n)
			if a.TransA {
				x = f32(k, m)
			}
			if a.TransB {
				y = f32(n, k)
			}
			op := device.OpDesc{Kind: device.MatMul, Attrs: a, In: []device.Type{x, y}, Out: f32(m, n)}
			t.Run(fmt.Sprint(size, a), func(t *testing.T) {
				compare(t, b, op, nil, [][]byte{normals(rng, x), normals(rng, y)}, nil, convTolerance)
			})
		}
	}
}
