package cpu

import (
	"unsafe"

	"github.com/clvid/clvid/nn/device"
)

// conv is a convolution by unfolding tiles of the input into columns and
// multiplying matrices. A tile is a few rows of the output, so that scratch
// memory is small and stays in cache.
type conv struct {
	window
	n, groups int
	c, k      int // channels of input and output in one group
	taps      int // volume of the kernel
	tile      int // output rows in a tile
}

// tileColumns is about the number of output positions in a tile.
const tileColumns = 256

func convOf(x, w, y device.Type, a device.ConvAttrs) conv {
	g := conv{
		window: windowOf(x.Shape, w.Shape[2:], y.Shape, a.Stride, a.Pad, a.Dilation),
		n:      x.Shape[0], groups: a.Groups, c: w.Shape[1], k: w.Shape[0] / a.Groups,
	}
	g.taps = volume(g.kernel)
	g.tile = min(g.rows(), max(1, tileColumns/g.out[2]))
	return g
}

// tiles is the number of tiles of one sample's output.
func (g *conv) tiles() int { return (g.rows() + g.tile - 1) / g.tile }

// tileRows is the range of output rows of tile i.
func (g *conv) tileRows(i int) (r0, r1 int) {
	return i * g.tile, min(g.rows(), (i+1)*g.tile)
}

// input and output are the planes of sample n and channel c over all groups.
func input[T float](g *conv, v []T, n, c int) []T {
	size := volume(g.in)
	at := (n*g.groups*g.c + c) * size
	return v[at : at+size]
}

func output[T float](g *conv, v []T, n, k int) []T {
	at := (n*g.groups*g.k + k) * volume(g.out)
	return v[at:]
}

// scratch is the bytes that threads workers need for channels unfolded each.
func convScratch[T float](g *conv, threads, channels int) int64 {
	var zero T
	return int64(threads*channels*g.taps*g.tile*g.out[2]) * int64(unsafe.Sizeof(zero))
}

// share is the worker's part of the scratch memory.
func share[T float](scratch []T, worker, threads int) []T {
	size := len(scratch) / threads
	return scratch[worker*size : (worker+1)*size]
}

// goConv: a task is a tile of one sample's output for one group.
func goConv[T float](op device.OpDesc, threads int) (goKernel, error) {
	g := convOf(op.In[0], op.In[1], op.Out, op.Attrs.(device.ConvAttrs))
	return goKernel{scratch: convScratch[T](&g, threads, g.c), run: func(a *device.Args) error {
		x, w, y, scratch := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out), slice[T](a.Scratch)
		parallel(threads, g.n*g.groups*g.tiles(), func(worker, task int) {
			tile, rest := task%g.tiles(), task/g.tiles()
			group, n := rest%g.groups, rest/g.groups
			convTile(&g, y, x, w, share(scratch, worker, threads), n, group, tile)
		})
		return nil
	}}, nil
}

func convTile[T float](g *conv, y, x, w, columns []T, n, group, tile int) {
	r0, r1 := g.tileRows(tile)
	width, depth, size := (r1-r0)*g.out[2], g.c*g.taps, volume(g.out)
	for c := range g.c {
		unfold(&g.window, columns[c*g.taps*width:], input(g, x, n, group*g.c+c), r0, r1)
	}
	out := output(g, y, n, group*g.k)[r0*g.out[2]:]
	for k := range g.k {
		clear(out[k*size : k*size+width])
	}
	gemmRows(out, size, w[group*g.k*depth:], depth, 1, columns, width, g.k, width, depth)
}

// goConvGradInput, which serves transposed convolutions too: a task is one input channel of one sample, whose taps'
// gradients are multiplied out tile by tile and folded back.
func goConvGradInput[T float](op device.OpDesc, threads int) (goKernel, error) {
	g := convOf(op.Out, op.In[1], op.In[0], op.Attrs.(device.ConvAttrs))
	return goKernel{scratch: convScratch[T](&g, threads, 1), run: func(a *device.Args) error {
		dy, w, dx, scratch := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out), slice[T](a.Scratch)
		parallel(threads, g.n*g.groups*g.c, func(worker, task int) {
			n, c := task/(g.groups*g.c), task%(g.groups*g.c)
			convInputPlane(&g, dx, dy, w, share(scratch, worker, threads), n, c)
		})
		return nil
	}}, nil
}

func convInputPlane[T float](g *conv, dx, dy, w, columns []T, n, c int) {
	group, depth, size := c/g.c, g.c*g.taps, volume(g.out)
	dst := input(g, dx, n, c)
	clear(dst)
	weights := w[group*g.k*depth+(c%g.c)*g.taps:]
	for tile := range g.tiles() {
		r0, r1 := g.tileRows(tile)
		width := (r1 - r0) * g.out[2]
		clear(columns[:g.taps*width])
		gemmRows(columns, width, weights, 1, depth, output(g, dy, n, group*g.k)[r0*g.out[2]:], size, g.taps, width, g.k)
		fold(&g.window, dst, columns, r0, r1)
	}
}

// weightRows is the number of output channels of one task of the weight
// gradient: enough to outweigh unfolding the input again.
const weightRows = 64

// goConvGradWeight: a task is the weights from one input channel to a block
// of output channels, summed over samples and tiles in order.
func goConvGradWeight[T float](op device.OpDesc, threads int) (goKernel, error) {
	g := convOf(op.In[0], op.Out, op.In[1], op.Attrs.(device.ConvAttrs))
	blocks := (g.k + weightRows - 1) / weightRows
	return goKernel{scratch: convScratch[T](&g, threads, 1), run: func(a *device.Args) error {
		x, dy, dw, scratch := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.Out), slice[T](a.Scratch)
		parallel(threads, g.groups*g.c*blocks, func(worker, task int) {
			c, k0 := task/blocks, task%blocks*weightRows
			convWeightBlock(&g, dw, x, dy, share(scratch, worker, threads), c, k0, min(g.k, k0+weightRows))
		})
		return nil
	}}, nil
}

func convWeightBlock[T float](g *conv, dw, x, dy, columns []T, c, k0, k1 int) {
	group, depth, size := c/g.c, g.c*g.taps, volume(g.out)
	dst := dw[(group*g.k+k0)*depth+(c%g.c)*g.taps:]
	for k := range k1 - k0 {
		clear(dst[k*depth : k*depth+g.taps])
	}
	for n := range g.n {
		for tile := range g.tiles() {
			r0, r1 := g.tileRows(tile)
			width := (r1 - r0) * g.out[2]
			unfold(&g.window, columns, input(g, x, n, c), r0, r1)
			gemmDots(dst, depth, output(g, dy, n, group*g.k+k0)[r0*g.out[2]:], size, columns, width, k1-k0, g.taps, width)
		}
	}
}
