package cpu

import (
	"math"

	"github.com/clvid/clvid/nn/device"
)

// groupsOf sees (N,C,…) as N·G planes: the channels of a group are contiguous.
func groupsOf(t device.Type, groups int) planes {
	p := planesOf(t)
	return planes{n: p.n, c: groups, size: p.c / groups * p.size}
}

// goGroupNorm handles one group of one sample a task; statistics are summed
// in float64.
func goGroupNorm[T float](op device.OpDesc, threads int) (goKernel, error) {
	attrs := op.Attrs.(device.GroupNormAttrs)
	p, g := planesOf(op.Out), groupsOf(op.Out, attrs.Groups)
	return goKernel{reuse: true, run: func(a *device.Args) error {
		x, out := slice[T](a.In[0]), slice[T](a.Out)
		gamma, beta := slice[T](a.In[1]), slice[T](a.In[2])
		means, invs := slice[T](a.Saved[0]), slice[T](a.Saved[1])
		parallel(threads, g.n*g.c, func(_, task int) {
			mean, variance := moments(planes{n: 1, c: 1, size: g.size}, plane(g, x, 0, task), 0)
			inv := 1 / math.Sqrt(variance+attrs.Eps)
			means[task], invs[task] = T(mean), T(inv)
			for c := task * p.c / g.c; c < (task+1)*p.c/g.c; c++ {
				scale := float64(gamma[c%p.c]) * inv
				shift := float64(beta[c%p.c]) - mean*scale
				dst := plane(p, out, 0, c)
				for i, v := range plane(p, x, 0, c) {
					dst[i] = v*T(scale) + T(shift)
				}
			}
		})
		return nil
	}}, nil
}

// goGroupNormGrad: with xhat = (x-mean)·inv, d = dy·gamma and m values a group,
// dx = inv·(d - Σd/m - xhat·Σd·xhat/m); dgamma = Σdy·xhat and dbeta = Σdy by
// channel.
func goGroupNormGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	groups := op.Attrs.(device.GroupNormAttrs).Groups
	p := planesOf(op.Out)
	return goKernel{reuse: true, run: func(a *device.Args) error {
		dy, x, gamma := slice[T](a.In[0]), slice[T](a.In[1]), slice[T](a.In[2])
		mean, inv := slice[T](a.Reads[0]), slice[T](a.Reads[1])
		dgamma, dbeta, dx := slice[T](a.Saved[0]), slice[T](a.Saved[1]), slice[T](a.Out)
		parallel(threads, p.c, func(_, c int) {
			var dg, db float64
			for n := range p.n {
				g := n*groups + c*groups/p.c
				sg, sb := runSums(plane(p, dy, n, c), plane(p, x, n, c), float64(mean[g]), float64(inv[g]))
				dg, db = dg+sg, db+sb
			}
			dgamma[c], dbeta[c] = T(dg), T(db)
		})
		parallel(threads, p.n*groups, func(_, g int) {
			groupGrad(p, g*p.c/groups, (g+1)*p.c/groups, dx, dy, x, gamma, float64(mean[g]), float64(inv[g]))
		})
		return nil
	}}, nil
}

// groupGrad writes dx of the planes [from, to) of one group, counted over all
// samples.
func groupGrad[T float](p planes, from, to int, dx, dy, x, gamma []T, mean, inv float64) {
	var dg, db float64 // means of d·xhat and of d
	for c := from; c < to; c++ {
		sg, sb := runSums(plane(p, dy, 0, c), plane(p, x, 0, c), mean, inv)
		dg, db = dg+sg*float64(gamma[c%p.c]), db+sb*float64(gamma[c%p.c])
	}
	m := float64((to - from) * p.size)
	dg, db = dg/m, db/m
	for c := from; c < to; c++ {
		ds, xs, out := plane(p, dy, 0, c), plane(p, x, 0, c), plane(p, dx, 0, c)
		for i, d := range ds {
			out[i] = T(inv * (float64(d)*float64(gamma[c%p.c]) - db - (float64(xs[i])-mean)*inv*dg))
		}
	}
}

// runSums are Σdy·xhat and Σdy of one plane.
func runSums[T float](dy, x []T, mean, inv float64) (dg, db float64) {
	for i, d := range dy {
		db += float64(d)
		dg += float64(d) * (float64(x[i]) - mean)
	}
	return dg * inv, db
}
