package cpu

import (
	"math"

	"github.com/clvid/clvid/nn/device"
)

// attentionGrads are the results of an AttentionGrad.
type attentionGrads[T float] struct {
	content[T]
	bias []T // nil where there is none
}

// goAttentionGrad computes the weights p anew from the saved logarithms. With
// s the products before the softmax and dp = dy·vᵀ,
// dv = pᵀ·dy, ds = p·(dp - Σdy·y), dq = scale·ds·k, dk = scale·dsᵀ·q and
// dbias = ds. A task is one head of one sample, or of all samples one after
// the other where they share a bias.
func goAttentionGrad[T float](op device.OpDesc, threads int) (goKernel, error) {
	g := attentionOf(op.In[2:], op.Attrs.(device.AttentionAttrs))
	shared := 1
	if g.Biased && g.biases != g.n*g.Heads {
		shared = g.n
	}
	return goKernel{scratch: tileScratch[T](&g, threads, 2), run: func(a *device.Args) error {
		w := gradWork[T]{g: &g, in: attentionInputsOf[T](&g, a.In[2:]), logs: slice[T](a.Reads[0])}
		w.dy, w.y = heads[T]{slice[T](a.In[0]), g.width(), g.lq}, heads[T]{slice[T](a.In[1]), g.width(), g.lq}
		w.out.content, _ = contentOf[T](&g, append([]device.Mem{a.Out}, a.Saved...))
		if g.Biased {
			w.out.bias = slice[T](a.Saved[len(a.Saved)-1])
		}
		clearGrads(a)
		parallel(threads, g.n*g.Heads/shared, func(worker, task int) {
			scratch := share(slice[T](a.Scratch), worker, threads)
			for i := range shared {
				w.head(scratch[:len(scratch)/2], scratch[len(scratch)/2:], i*g.Heads+task)
			}
		})
		return nil
	}}, nil
}

func clearGrads(a *device.Args) {
	clear(bytesOf(a.Out))
	for _, m := range a.Saved {
		clear(bytesOf(m))
	}
}

// gradWork is what the tasks of an AttentionGrad share.
type gradWork[T float] struct {
	g     *attention
	in    attentionInputs[T]
	dy, y heads[T]
	logs  []T
	out   attentionGrads[T]
}

// head adds the gradients of head i of all samples' heads.
func (w *gradWork[T]) head(p, ds []T, i int) {
	g := w.g
	n, h := i/g.Heads, i%g.Heads
	q, k := w.in.q.head(n, h, g.d), w.in.k.head(n, h, g.d)
	dq, dk, dv := w.out.q.head(n, h, g.d), w.out.k.head(n, h, g.d), w.out.v.head(n, h, g.d)
	dy, ld := w.dy.head(n, h, g.d), w.dy.stride
	g.tiles(func(from, rows int) {
		scoreTile(g, p, &w.in, n, h, from, rows)
		w.weights(p, i*g.lq+from, rows)
		gemmRows(dv, w.out.v.stride, p, 1, g.lk, dy[from*ld:], ld, g.lk, g.d, rows)
		w.scoreGrads(ds, p, n, h, from, rows)
		gemmRows(dq[from*w.out.q.stride:], w.out.q.stride, ds, g.lk, 1, k, w.in.k.stride, rows, g.d, g.lk)
		gemmRows(dk, w.out.k.stride, ds, 1, g.lk, q[from*w.in.q.stride:], w.in.q.stride, g.lk, g.d, rows)
	})
}

// weights turns scores into softmax weights.
func (w *gradWork[T]) weights(p []T, at, rows int) {
	for i := range rows {
		row, log := p[i*w.g.lk:(i+1)*w.g.lk], float64(w.logs[at+i])
		for j, s := range row {
			row[j] = T(math.Exp(float64(s) - log))
		}
	}
}

// scoreGrads computes scale·ds, after adding ds to the bias' gradient.
func (w *gradWork[T]) scoreGrads(ds, p []T, n, h, from, rows int) {
	g := w.g
	dy, y, ld := w.dy.head(n, h, g.d)[from*w.dy.stride:], w.y.head(n, h, g.d)[from*w.y.stride:], w.dy.stride
	clear(ds[:rows*g.lk])
	gemmDots(ds, g.lk, dy, ld, w.in.v.head(n, h, g.d), w.in.v.stride, rows, g.lk, g.d)
	for i := range rows {
		row, weights := ds[i*g.lk:(i+1)*g.lk], p[i*g.lk:(i+1)*g.lk]
		along := T(dot64(dy[i*ld:i*ld+g.d], y[i*ld:i*ld+g.d]))
		for j := range row {
			row[j] = weights[j] * (row[j] - along)
		}
		if w.out.bias != nil {
			at := ((n*g.Heads+h)%g.biases*g.lq + from + i) * g.lk
			addSlices(w.out.bias[at:at+g.lk], w.out.bias[at:at+g.lk], row)
		}
		mulScalar(row, row, T(g.Scale))
	}
}
