package cpu

import (
	"errors"
	"fmt"
	"math"

	"github.com/clvid/clvid/nn/device"
)

var errJoined = errors.New("joined operations have no pure-Go kernel: ask Fuses first")

// goBatchNorm handles one channel a task; statistics are summed in float64.
// Saved are the mean and 1/sqrt(variance+eps) that were used, so that in
// evaluation they are the running ones. Each of the splits is a run of samples.
func goBatchNorm[T float](op device.OpDesc, threads int) (goKernel, error) {
	attrs := op.Attrs.(device.BatchNormAttrs)
	if attrs.ReLU || attrs.Residual {
		return goKernel{}, errJoined
	}
	p, splits := splitsOf(op.Out, attrs)
	count := p.n * p.size
	if op.Train && count < 2 {
		return goKernel{}, fmt.Errorf("training needs more than 1 value for each channel, x is %v in %d splits: raise the batch size", op.Out.Shape, splits)
	}
	return goKernel{reuse: true, run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		gamma, beta := slice[T](a.In[1]), slice[T](a.In[2])
		runMean, runVar := slice[T](a.In[3]), slice[T](a.In[4])
		savedMean, savedInv := slice[T](a.Saved[0]), slice[T](a.Saved[1])
		parallel(threads, p.c, func(_, c int) {
			var means, variances float64 // of the splits, summed
			for s := range splits {
				mean, variance := float64(runMean[c]), float64(runVar[c])
				if op.Train {
					mean, variance = moments(p, split(p, x, s), c)
					means, variances = means+mean, variances+variance
				}
				inv := 1 / math.Sqrt(variance+attrs.Eps)
				savedMean[s*p.c+c], savedInv[s*p.c+c] = T(mean), T(inv)
				scale := float64(gamma[c]) * inv
				affine(p, split(p, out, s), split(p, x, s), c, T(scale), T(float64(beta[c])-mean*scale))
			}
			if op.Train {
				unbiased := variances / float64(splits) * float64(count) / float64(count-1)
				runMean[c] = blend(runMean[c], means/float64(splits), attrs.Momentum)
				runVar[c] = blend(runVar[c], unbiased, attrs.Momentum)
			}
		})
		return nil
	}}, nil
}

// splitsOf are the planes of one split, and the number of splits.
func splitsOf(t device.Type, a device.BatchNormAttrs) (planes, int) {
	p, splits := planesOf(t), max(a.Splits, 1)
	p.n /= splits
	return p, splits
}

// split is the run of samples number s.
func split[T float](p planes, v []T, s int) []T {
	size := p.n * p.c * p.size
	return v[s*size : (s+1)*size]
}

func blend[T float](running T, batch, momentum float64) T {
	return T((1-momentum)*float64(running) + momentum*batch)
}

// moments are the mean and the biased variance of channel c, in two passes.
func moments[T float](p planes, x []T, c int) (mean, variance float64) {
	count := float64(p.n * p.size)
	for n := range p.n {
		mean += sum(plane(p, x, n, c))
	}
	mean /= count
	for n := range p.n {
		for _, v := range plane(p, x, n, c) {
			d := float64(v) - mean
			variance += d * d
		}
	}
	return mean, variance / count
}

// affine is out = x·scale + shift on channel c.
func affine[T float](p planes, out, x []T, c int, scale, shift T) {
	for n := range p.n {
		src, dst := plane(p, x, n, c), plane(p, out, n, c)
		for i, v := range src {
			dst[i] = v*scale + shift
		}
	}
}

// goBatchNormGrad: with xhat = (x-mean)·inv and m values a channel,
// dbeta = Σdy, dgamma = Σdy·xhat and, as the batch's statistics depend on x,
// dx = gamma·inv·(dy - dbeta/m - xhat·dgamma/m). In evaluation the statistics
// are constants: dx = gamma·inv·dy.
func goBatchNormGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	attrs := op.Attrs.(device.BatchNormAttrs)
	if attrs.ReLU {
		return goKernel{}, errJoined
	}
	p, splits := splitsOf(op.Out, attrs)
	return goKernel{reuse: true, run: func(a *device.Args) error {
		dy, x, gamma := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.In[2])
		mean, inv := slice[T](a.Reads[0]), slice[T](a.Reads[1])
		dgamma, dbeta, dx := slice[T](a.Saved[0]), slice[T](a.Saved[1]), slice[T](a.Out)
		parallel(threads, p.c, func(_, c int) {
			var dgs, dbs float64
			for s := range splits {
				dys, xs, dxs := split(p, dy, s), split(p, x, s), split(p, dx, s)
				m, i := float64(mean[s*p.c+c]), float64(inv[s*p.c+c])
				dg, db := channelSums(p, dys, xs, c, m, i)
				dgs, dbs = dgs+dg, dbs+db
				if !op.Train {
					affine(p, dxs, dys, c, gamma[c]*T(i), 0)
					continue
				}
				count := float64(p.n * p.size)
				channelGrad(p, dxs, dys, xs, c, m, i, float64(gamma[c]), dg/count, db/count)
			}
			dgamma[c], dbeta[c] = T(dgs), T(dbs)
		})
		return nil
	}}, nil
}

// channelSums are Σdy·xhat and Σdy of channel c.
func channelSums[T float](p planes, dy, x []T, c int, mean, inv float64) (dgamma, dbeta float64) {
	for n := range p.n {
		ds, xs := plane(p, dy, n, c), plane(p, x, n, c)
		for i, d := range ds {
			dbeta += float64(d)
			dgamma += float64(d) * (float64(xs[i]) - mean)
		}
	}
	return dgamma * inv, dbeta
}

// channelGrad writes dx of channel c; dg and db are the means of dy·xhat, dy.
func channelGrad[T float](p planes, dx, dy, x []T, c int, mean, inv, gamma, dg, db float64) {
	// gamma·inv·(dy - db - (x-mean)·inv·dg) = s·dy + u·x + v
	s := gamma * inv
	u := -s * inv * dg
	v := -s*db - u*mean
	for n := range p.n {
		ds, xs, out := plane(p, dy, n, c), plane(p, x, n, c), plane(p, dx, n, c)
		for i, d := range ds {
			out[i] = T(s*float64(d) + u*float64(xs[i]) + v)
		}
	}
}
