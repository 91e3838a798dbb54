package cpu

import (
	"unsafe"

	"github.com/clvid/clvid/nn/device"
)

// matMulRows is the number of rows of one task.
const matMulRows = 16

// goBatchMatMul multiplies pairs of matrices. A task is one of them, or a block
// of the only one. Where both operands are transposed, the first is turned
// round in scratch memory.
func goBatchMatMul[T float](op device.OpDesc, threads int) (goKernel, error) {
	t := op.Attrs.(device.MatMulAttrs)
	p, batch := productOf(op, t)
	workers, each := min(threads, batch), 1
	if batch == 1 {
		each = threads
	}
	var zero T
	kernel := goKernel{}
	if t.TransA && t.TransB {
		kernel.scratch = int64(workers*p.m*p.k) * int64(unsafe.Sizeof(zero))
	}
	kernel.run = func(args *device.Args) error {
		a, b, out := slice[T](args.In[0]), slice[T](args.In[1]), slice[T](args.Out)
		parallel(workers, batch, func(worker, i int) {
			turned := share(slice[T](args.Scratch), worker, workers)
			multiply(each, p, matrix(a, i, p.m*p.k), matrix(b, i, p.k*p.n), matrix(out, i, p.m*p.n), turned, nil)
		})
		return nil
	}
	return kernel, nil
}

// matrix is number i of a batch of matrices.
func matrix[T float](v []T, i, size int) []T { return v[i*size : (i+1)*size] }

// matMul is a product of (m,k) and (k,n).
type matMul struct {
	device.MatMulAttrs
	m, n, k int
}

// productOf reads the sizes of the last two axes, and the number of products.
func productOf(op device.OpDesc, t device.MatMulAttrs) (p matMul, batch int) {
	lead := len(op.Out.Shape) - 2
	batch = 1
	for _, d := range op.Out.Shape[:lead] {
		batch *= d
	}
	p = matMul{t, op.Out.Shape[lead], op.Out.Shape[lead+1], op.In[0].Shape[lead+1]}
	if t.TransA {
		p.k = op.In[0].Shape[lead]
	}
	return p, batch
}

// multiply computes a·b to which bias (n), unless it is nil, is added by row.
func multiply[T float](threads int, p matMul, a, b, out, scratch, bias []T) {
	if p.TransA && p.TransB {
		transpose(scratch, a, p.k, p.m)
		a = scratch
	}
	matMulBlocks(threads, p.m, p.n, func(i, j, rows, columns int) {
		c := out[i*p.n+j:]
		for r := range rows {
			start(c[r*p.n:r*p.n+columns], bias, j)
		}
		switch {
		case p.TransB:
			gemmDots(c, p.n, a[i*p.k:], p.k, b[j*p.k:], p.k, rows, columns, p.k)
		case p.TransA:
			gemmRows(c, p.n, a[i:], 1, p.m, b[j:], p.n, rows, columns, p.k)
		default:
			gemmRows(c, p.n, a[i*p.k:], p.k, 1, b[j:], p.n, rows, columns, p.k)
		}
	})
}

// start fills a row with the bias from element j on, or with zeros.
func start[T float](row, bias []T, j int) {
	if bias == nil {
		clear(row)
		return
	}
	copy(row, bias[j:])
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
