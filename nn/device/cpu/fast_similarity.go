package cpu

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu/internal/ckernel"
)

// room hands out parts of a step's scratch memory, which C code may read.
type room struct {
	base uintptr
	used int64
}

// part is the next n elements, aligned to a cache line. Without a base only the
// size is counted.
func part[T int32 | float32 | float64 | ckernel.LogSum](r *room, n int) []T {
	const line = 64
	var zero T
	at := device.Mem{Ptr: r.base + uintptr(r.used), Bytes: int64(n) * int64(unsafe.Sizeof(zero))}
	r.used += (at.Bytes + line - 1) / line * line
	if r.base == 0 || n == 0 {
		return nil
	}
	p := *(*unsafe.Pointer)(unsafe.Pointer(&at.Ptr))
	return unsafe.Slice((*T)(p), n)
}

func addressOf[T int32 | float32 | float64 | ckernel.LogSum](v []T) uintptr {
	return uintptr(unsafe.Pointer(unsafe.SliceData(v)))
}

// similarityRoom is the scratch memory of one side: what C code needs beside the
// operands.
type similarityRoom struct {
	targets, order, begin, end []int32
	sums                       []ckernel.LogSum
}

func (r *room) side(n, m int) similarityRoom {
	return similarityRoom{part[int32](r, n), part[int32](r, m), part[int32](r, n), part[int32](r, n), part[ckernel.LogSum](r, n)}
}

// describe fills the room and returns the side for C.
func describe(s *side[float32], r similarityRoom) ckernel.Similarity {
	c := ckernel.Similarity{N: s.n, M: s.m, D: s.d, Scale: s.scale,
		A: addressOf(s.x), B: addressOf(s.y), Targets: addressOf(r.targets)}
	for i, t := range s.targets {
		r.targets[i] = t - int32(s.p) // own logits are not C's
	}
	if s.ids != nil {
		sortMasked(s.ids, s.candidates, r)
		c.Order, c.Begin, c.End = addressOf(r.order), addressOf(r.begin), addressOf(r.end)
	}
	return c
}

// sortMasked lists the candidates by id, and for each anchor the range of those
// with its own: memory is linear however many are equal.
func sortMasked(ids, candidates []int32, r similarityRoom) {
	for j := range r.order {
		r.order[j] = int32(j)
	}
	if !slices.IsSorted(candidates) {
		slices.SortFunc(r.order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(candidates[a], candidates[b]), cmp.Compare(a, b))
		})
	}
	byID := func(j, id int32) int { return cmp.Compare(candidates[j], id) }
	notAbove := func(j, id int32) int { // the first behind those of this id
		if candidates[j] > id {
			return 1
		}
		return -1
	}
	for i, id := range ids {
		r.begin[i], r.end[i] = 0, 0
		if id >= 0 {
			from, _ := slices.BinarySearchFunc(r.order, id, byID)
			to, _ := slices.BinarySearchFunc(r.order, id, notAbove)
			r.begin[i], r.end[i] = int32(from), int32(to)
		}
	}
}

// similarityForward is side.forward in C, but for own logits.
func (f *fast) similarityForward(s side[float32], r similarityRoom, tiles uintptr, losses, logSums, hits []float32) error {
	c := describe(&s, r)
	for i := range r.sums {
		others := logSum{largest: math.Inf(-1)}
		score := s.addOwn(i, &others)
		r.sums[i] = ckernel.LogSum{Largest: others.largest, Sum: others.sum, Score: score}
	}
	if err := f.team.Similarity(c, f.library.SGEMM(), addressOf(r.sums), tiles); err != nil {
		return err
	}
	for i, sum := range r.sums {
		others := logSum{sum.Largest, sum.Sum}
		losses[i], logSums[i], hits[i] = s.result(i, others, sum.Score)
	}
	return nil
}

// lowerSimilarity takes columns, where they have losses, in a second pass.
func lowerSimilarity(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.SimilarityAttrs)
	n, d, m := op.In[0].Shape[0], op.In[0].Shape[1], op.In[1].Shape[0]
	layout := func(r *room) (rows, columns similarityRoom, tiles []float32) {
		rows = r.side(n, m)
		if attrs.Columns {
			columns = r.side(m, n)
		}
		bytes := f.team.SimilarityScratch(ckernel.Similarity{N: max(n, m), M: max(n, m), D: d})
		return rows, columns, part[float32](r, int(bytes/4))
	}
	var size room
	layout(&size)
	return device.Lowered{In: make([]device.Layout, len(op.In)), Saved: plainValues(op.Saved), Scratch: size.used, Reuse: -1,
		Kernel: func(a *device.Args) error {
			s, err := similarityOf[float32](op, a.In)
			if err != nil {
				return err
			}
			rowRoom, columnRoom, tiles := layout(&room{base: a.Scratch.Ptr})
			losses, logSums, hits := slice[float32](a.Out), slice[float32](a.Saved[0]), slice[float32](a.Saved[1])
			rows, columns := s.rows(), s.columns()
			if err := f.similarityForward(rows, rowRoom, addressOf(tiles), losses[:n], logSums[:n], hits[:n]); err != nil || !attrs.Columns {
				return err
			}
			return f.similarityForward(columns, columnRoom, addressOf(tiles), losses[n:], logSums[n:], hits[n:])
		}}, true, nil
}

// lowerSimilarityGrad makes every tile once.
func lowerSimilarityGrad(f *fast, op device.OpDesc, _, _ []device.Value) (device.Lowered, bool, error) {
	attrs := op.Attrs.(device.SimilarityAttrs)
	n, d, m := op.In[1].Shape[0], op.In[1].Shape[1], op.In[2].Shape[0]
	layout := func(r *room) (rows similarityRoom, logSums []float32, parts []float64, tiles []float32) {
		bytes := f.team.SimilarityGradScratch(ckernel.Similarity{N: n, M: m, D: d})
		return r.side(n, m), part[float32](r, n+m), part[float64](r, n), part[float32](r, int(bytes/4))
	}
	var size room
	layout(&size)
	return device.Lowered{In: make([]device.Layout, len(op.In)), Saved: plainValues(op.Saved), Scratch: size.used, Reuse: -1,
		Kernel: func(a *device.Args) error {
			s, err := similarityOf[float32](op, a.In)
			if err != nil {
				return err
			}
			s.logSumExps = slice[float32](a.Reads[0])
			rowRoom, logSums, parts, tiles := layout(&room{base: a.Scratch.Ptr})
			grads, rows := gradsOf[float32](attrs, a.Saved), s.rows()
			c := describe(&rows, rowRoom)
			g := ckernel.SimilarityGrads{Weights: addressOf(s.dlosses), LogSums: addressOf(logSums),
				DA: a.Out.Ptr, DB: addressOf(grads.db), DScale: addressOf(parts)}
			onlyLosses(logSums[:n], s.logSumExps, s.targets)
			if attrs.Columns {
				onlyLosses(logSums[n:], s.logSumExps[n:], s.columnTargets)
				c.ColumnTargets = addressOf(s.columnTargets)
				g.ColumnWeights, g.ColumnLogSums = addressOf(s.dlosses[n:]), addressOf(logSums[n:])
			}
			if err := f.team.SimilarityGrad(c, g, f.library.SGEMM(), addressOf(tiles)); err != nil {
				return err
			}
			if grads.dscale != nil {
				grads.dscale[0] = float32(s.factor * sum64(parts))
			}
			rows.ownGrad(grads.down)
			return nil
		}}, true, nil
}

// onlyLosses copies logsumexps, and makes those of anchors without a loss
// infinite: no candidate has a share of them.
func onlyLosses(out, logSums []float32, targets []int32) {
	for i, t := range targets {
		out[i] = logSums[i]
		if t < 0 {
			out[i] = float32(math.Inf(1))
		}
	}
}
