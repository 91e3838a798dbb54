package cpu

import (
	"math"
	"unsafe"

	"github.com/clvid/clvid/nn/device"
)

// attention is the geometry of an attention.
type attention struct {
	device.AttentionAttrs
	n, lq, lk int
	d         int // of one head
	biases    int // first axis of the bias
}

// attentionOf takes the inputs from q on.
func attentionOf(in []device.Type, a device.AttentionAttrs) attention {
	q := in[0].Shape
	g := attention{AttentionAttrs: a, n: q[0], lq: q[1], lk: q[1], d: q[2] / a.Heads}
	if a.Packed {
		g.d /= 3
	} else {
		g.lk = in[1].Shape[1]
	}
	if a.Biased {
		g.biases = in[len(in)-1].Shape[0]
	}
	return g
}

// width is that of all heads together.
func (g *attention) width() int { return g.Heads * g.d }

// heads is a tensor (N,L,…) of which one head's rows are taken apart.
type heads[T float] struct {
	v      []T
	stride int // from one row to the next
	rows   int // L
}

// head starts at the first row of sample n, head h of size d.
func (t heads[T]) head(n, h, d int) []T { return t.v[n*t.rows*t.stride+h*d:] }

// content are q, k and v, apart or side by side.
type content[T float] struct{ q, k, v heads[T] }

// contentOf splits the operands; next is the number of them that it took.
func contentOf[T float](g *attention, m []device.Mem) (c content[T], next int) {
	w := g.width()
	if g.Packed {
		all := slice[T](m[0])
		part := func(i int) heads[T] { return heads[T]{all[i*w:], 3 * w, g.lq} }
		return content[T]{part(0), part(1), part(2)}, 1
	}
	return content[T]{heads[T]{slice[T](m[0]), w, g.lq}, heads[T]{slice[T](m[1]), w, g.lk}, heads[T]{slice[T](m[2]), w, g.lk}}, 3
}

// attentionInputs are all operands of an attention.
type attentionInputs[T float] struct {
	content[T]
	mask, bias []T // nil where there are none
}

func attentionInputsOf[T float](g *attention, m []device.Mem) attentionInputs[T] {
	c, next := contentOf[T](g, m)
	in := attentionInputs[T]{content: c}
	if g.Masked {
		in.mask = slice[T](m[next])
		next++
	}
	if g.Biased {
		in.bias = slice[T](m[next])
	}
	return in
}

// queryTile is the number of queries whose products are held at a time.
const queryTile = 32

// tileScratch is the bytes of count tiles of products for each worker.
func tileScratch[T float](g *attention, threads, count int) int64 {
	var zero T
	return int64(threads*count*queryTile*g.lk) * int64(unsafe.Sizeof(zero))
}

// tiles calls f for each range of queries.
func (g *attention) tiles(f func(from, rows int)) {
	for from := 0; from < g.lq; from += queryTile {
		f(from, min(queryTile, g.lq-from))
	}
}

// goAttention: a task is one head of one sample.
func goAttention[T float](op device.OpDesc, threads int) (goKernel, error) {
	g := attentionOf(op.In, op.Attrs.(device.AttentionAttrs))
	return goKernel{scratch: tileScratch[T](&g, threads, 1), run: func(a *device.Args) error {
		in := attentionInputsOf[T](&g, a.In)
		y, logs := heads[T]{slice[T](a.Out), g.width(), g.lq}, slice[T](a.Saved[0])
		parallel(threads, g.n*g.Heads, func(worker, task int) {
			n, h := task/g.Heads, task%g.Heads
			scores := share(slice[T](a.Scratch), worker, threads)
			out, values := y.head(n, h, g.d), in.v.head(n, h, g.d)
			g.tiles(func(from, rows int) {
				scoreTile(&g, scores, &in, n, h, from, rows)
				softmaxTile(scores, logs[task*g.lq+from:], rows, g.lk)
				for i := range rows {
					clear(out[(from+i)*y.stride : (from+i)*y.stride+g.d])
				}
				gemmRows(out[from*y.stride:], y.stride, scores, g.lk, 1, values, in.v.stride, rows, g.d, g.lk)
			})
		})
		return nil
	}}, nil
}

// scoreTile computes the scaled products of some queries with all keys, plus
// bias; hidden keys get -Inf.
func scoreTile[T float](g *attention, scores []T, in *attentionInputs[T], n, h, from, rows int) {
	clear(scores[:rows*g.lk])
	gemmDots(scores, g.lk, in.q.head(n, h, g.d)[from*in.q.stride:], in.q.stride, in.k.head(n, h, g.d), in.k.stride, rows, g.lk, g.d)
	for i := range rows {
		row := scores[i*g.lk : (i+1)*g.lk]
		mulScalar(row, row, T(g.Scale))
		if in.bias != nil {
			at := ((n*g.Heads+h)%g.biases*g.lq + from + i) * g.lk
			addSlices(row, row, in.bias[at:at+g.lk])
		}
		g.hide(func(key int) { row[key] = T(math.Inf(-1)) }, from+i)
		for key := range row {
			if in.mask != nil && in.mask[n*g.lk+key] == 0 {
				row[key] = T(math.Inf(-1))
			}
		}
	}
}

// hide calls f for the keys that come later than the query.
func (g *attention) hide(f func(key int), query int) {
	if !g.Causal {
		return
	}
	for key := query + 1; key < g.lk; key++ {
		f(key)
	}
}

// softmaxTile turns scores into weights and notes the logarithms of their
// sums. Rows that see nothing get weights 0 and the logarithm +Inf, by which
// their weights are 0 again when they are computed anew.
func softmaxTile[T float](scores, logs []T, rows, lk int) {
	for i := range rows {
		row := scores[i*lk : (i+1)*lk]
		largest := math.Inf(-1)
		for _, s := range row {
			largest = max(largest, float64(s))
		}
		if math.IsInf(largest, -1) {
			clear(row)
			logs[i] = T(math.Inf(1))
			continue
		}
		total := 0.
		for j, s := range row {
			e := math.Exp(float64(s) - largest)
			row[j] = T(e)
			total += e
		}
		mulScalar(row, row, T(1/total))
		logs[i] = T(largest + math.Log(total))
	}
}
