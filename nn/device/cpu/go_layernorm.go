package cpu

import (
	"math"

	"github.com/clvid/clvid/nn/device"
)

// goLayerNorm normalises row by row; statistics are summed in float64.
func goLayerNorm[T float](op device.OpDesc, threads int) (goKernel, error) {
	d, eps := op.In[1].Shape[0], op.Attrs.(device.LayerNormAttrs).Eps
	rows := op.Saved[0].Shape[0]
	return goKernel{reuse: true, run: func(a *device.Args) error {
		x, gamma, beta := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.In[2])
		mean, inv, y := slice[T](a.Saved[0]), slice[T](a.Saved[1]), slice[T](a.Out)
		rowKernel(threads, rows, d, func(r int) {
			row, out := x[r*d:(r+1)*d], y[r*d:(r+1)*d]
			m, v := rowMoments(row)
			s := 1 / math.Sqrt(v+eps)
			mean[r], inv[r] = T(m), T(s)
			for i, e := range row {
				out[i] = T((float64(e)-m)*s*float64(gamma[i]) + float64(beta[i]))
			}
		})
		return nil
	}}, nil
}

// rowMoments are the mean and the biased variance, in two passes.
func rowMoments[T float](row []T) (mean, variance float64) {
	n := float64(len(row))
	mean = sum(row) / n
	for _, v := range row {
		e := float64(v) - mean
		variance += e * e
	}
	return mean, variance / n
}

// goLayerNormGrad: with xhat = (x-mean)·inv and g = dy·gamma,
// dx = inv·(g - mean(g) - xhat·mean(g·xhat)) by row, dgamma = Σdy·xhat and
// dbeta = Σdy over rows.
func goLayerNormGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	d, rows := op.In[2].Shape[0], op.Reads[0].Shape[0]
	return goKernel{run: func(a *device.Args) error {
		dy, x, gamma := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.In[2])
		mean, inv := slice[T](a.Reads[0]), slice[T](a.Reads[1])
		rowKernel(threads, rows, d, func(r int) {
			at := r * d
			layerNormRow(slice[T](a.Out)[at:at+d], dy[at:at+d], x[at:at+d], gamma, float64(mean[r]), float64(inv[r]))
		})
		dgamma, dbeta := slice[T](a.Saved[0]), slice[T](a.Saved[1])
		parallelRanges(threads, d, columnTask, func(from, to int) {
			layerNormColumns(dgamma, dbeta, dy, x, mean, inv, from, to)
		})
		return nil
	}}, nil
}

func layerNormRow[T float](dx, dy, x, gamma []T, mean, inv float64) {
	var sum, along float64
	for i, v := range dy {
		g := float64(v) * float64(gamma[i])
		sum += g
		along += g * (float64(x[i]) - mean) * inv
	}
	n := float64(len(dx))
	for i, v := range dy {
		g, xhat := float64(v)*float64(gamma[i]), (float64(x[i])-mean)*inv
		dx[i] = T(inv * (g - sum/n - xhat*along/n))
	}
}

// columnTask is the number of columns that one task sums over all rows: a
// cache line or two of each row.
const columnTask = 32

// layerNormColumns sums the parameters' gradients for columns [from,to).
func layerNormColumns[T float](dgamma, dbeta, dy, x, mean, inv []T, from, to int) {
	var dg, db [columnTask]float64
	d := len(dgamma)
	for r := range mean {
		m, s := float64(mean[r]), float64(inv[r])
		for i, v := range dy[r*d+from : r*d+to] {
			db[i] += float64(v)
			dg[i] += float64(v) * (float64(x[r*d+from+i]) - m) * s
		}
	}
	for i := range to - from {
		dgamma[from+i], dbeta[from+i] = T(dg[i]), T(db[i])
	}
}
