package encoder

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// relative is the bias (N·heads,Lq,Lk) of positions relative to each other:
// the sum over time, height and width of products of each query with a learned
// vector for its distance from the key along that axis (Li et al.,
// arXiv:2112.01526, section 4.1). The class token has none. Tables are
// "rel_pos_t", "rel_pos_h" and "rel_pos_w" (distances,D/heads).
func (b mvitBlock) relative(s nn.Scope, q *gorgonia.Node, gridQ, gridK [3]int) *gorgonia.Node {
	n, size := q.Shape()[0], q.Shape()[2]/b.Heads
	places := op.Reshape(rest(q), n, gridQ[0], gridQ[1], gridQ[2], b.Heads, size)
	var sum *gorgonia.Node
	for axis, name := range []string{"rel_pos_t", "rel_pos_h", "rel_pos_w"} {
		t := table(s, name, b.distances(axis), size)
		part := alongAxis(places, distanceVectors(t, gridQ[axis], gridK[axis]), axis)
		keys := []int{1, 1, 1}
		keys[axis] = gridK[axis]
		part = op.Reshape(part, append(part.Shape()[:5:5], keys...)...)
		if sum != nil {
			part = op.Add(sum, part)
		}
		sum = part
	}
	bias := op.Reshape(sum, n*b.Heads, product(gridQ[:]), product(gridK[:]))
	return op.Pad(bias, []int{0, 1, 1}, []int{0, 0, 0}, 0)
}

// distances is the length of the table of an axis. Height and width share the
// larger side's.
func (b mvitBlock) distances(axis int) int {
	if axis == 0 {
		return 2*b.made[0] - 1
	}
	side := max(b.made[1], b.made[2])
	return 2*max(side/strideAt(b.StrideQ, axis), side/strideAt(b.StrideKV, axis)) - 1
}

func strideAt(stride []int, axis int) int {
	if len(stride) == 0 {
		return 1
	}
	return stride[axis]
}

// distanceVectors picks from a table of distances (M,D), resized to those
// there are, the vectors of all pairs of nq queries and nk keys that lie on the same
// line: (nq,nk,D).
func distanceVectors(t *gorgonia.Node, nq, nk int) *gorgonia.Node {
	m, d := 2*max(nq, nk)-1, t.Shape()[1]
	t = resizePlaces(op.Reshape(t, 1, t.Shape()[0], d), []int{t.Shape()[0]}, []int{m})
	qStep, kStep := max(float64(nk)/float64(nq), 1), max(float64(nq)/float64(nk), 1)
	var indices []int
	for i := range nq {
		for j := range nk {
			indices = append(indices, int(float64(i)*qStep-(float64(j)+1-float64(nk))*kStep))
		}
	}
	return op.Reshape(op.Take(op.Reshape(t, m, d), 0, indices), nq, nk, d)
}

// alongAxis multiplies queries (N,T,H,W,heads,D) with the vectors (nq,nk,D) of
// their place along one of T, H and W: (N,heads,T,H,W,nk).
func alongAxis(q, vectors *gorgonia.Node, axis int) *gorgonia.Node {
	forward := [][]int{{1, 0, 2, 3, 4, 5}, {2, 0, 1, 3, 4, 5}, {3, 0, 1, 2, 4, 5}}[axis]
	back := [][]int{{1, 4, 0, 2, 3, 5}, {1, 4, 2, 0, 3, 5}, {1, 4, 2, 3, 0, 5}}[axis]
	lines := op.Permute(q, forward...)
	s := lines.Shape()
	y := op.BatchMatMul(op.Reshape(lines, s[0], product(s[1:5]), s[5]), vectors, device.MatMulAttrs{TransB: true})
	return op.Permute(op.Reshape(y, append(s[:5:5], vectors.Shape()[1])...), back...)
}
