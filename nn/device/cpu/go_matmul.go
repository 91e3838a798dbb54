package cpu

import (
	"unsafe"

	"github.com/clvid/clvid/nn/device"
)

// matMulRows is the number of rows of one task.
const matMulRows = 16

// goMatMul multiplies matrices; a task is a block of the output. Where both
// operands are transposed, the first is turned round in scratch memory.
func goMatMul[T float](op device.OpDesc, threads int) (goKernel, error) {
	t := op.Attrs.(device.MatMulAttrs)
	m, n := op.Out.Shape[0], op.Out.Shape[1]
	k := op.In[0].Shape[1]
	if t.TransA {
		k = op.In[0].Shape[0]
	}
	var zero T
	kernel := goKernel{}
	if t.TransA && t.TransB {
		kernel.scratch = int64(m*k) * int64(unsafe.Sizeof(zero))
	}
	kernel.run = func(args *device.Args) error {
		a, b, out := slice[T](args.In[0]), slice[T](args.In[1]), slice[T](args.Out)
		if t.TransA && t.TransB {
			turned := slice[T](args.Scratch)
			transpose(turned, a, k, m)
			a = turned
		}
		matMulBlocks(threads, m, n, func(i, j, rows, columns int) {
			c := out[i*n+j:]
			for r := range rows {
				clear(c[r*n : r*n+columns])
			}
			switch {
			case t.TransB:
				gemmDots(c, n, a[i*k:], k, b[j*k:], k, rows, columns, k)
			case t.TransA:
				gemmRows(c, n, a[i:], 1, m, b[j:], n, rows, columns, k)
			default:
				gemmRows(c, n, a[i*k:], k, 1, b[j:], n, rows, columns, k)
			}
		})
		return nil
	}
	return kernel, nil
}

// matMulBlocks calls f for blocks of an (m,n) matrix: first row and column,
// numbers of rows and columns.
func matMulBlocks(threads, m, n int, f func(i, j, rows, columns int)) {
	down, across := (m+matMulRows-1)/matMulRows, (n+columnBlock-1)/columnBlock
	parallel(threads, down*across, func(_, task int) {
		i, j := task/across*matMulRows, task%across*columnBlock
		f(i, j, min(matMulRows, m-i), min(columnBlock, n-j))
	})
}

// transpose turns x (n,m) into out (m,n).
func transpose[T float](out, x []T, n, m int) {
	for i := range n {
		for j, v := range x[i*m : (i+1)*m] {
			out[j*n+i] = v
		}
	}
}
