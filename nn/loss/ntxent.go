package loss

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// NTXentOptions are the settings of NTXent.
type NTXentOptions struct {
	Temperature float64 // above 0
	// Negatives (M,D), nil for none, are further negatives of every anchor.
	Negatives *gorgonia.Node
	// Raw compares the rows as they are instead of by their directions.
	Raw bool
	// PartnerOffset moves every positive by this many videos, which breaks the
	// loss on purpose, as a control.
	PartnerOffset int
}

// NTXentNodes are the loss and what it is made of.
type NTXentNodes struct {
	Loss    *gorgonia.Node    // mean over the 2N anchors, a scalar
	Views   [2]*gorgonia.Node // mean over the anchors of each view, scalars; Loss is their mean
	Z       *gorgonia.Node    // (2N,D), unit rows unless Raw
	Logits  *gorgonia.Node    // (2N,Candidates): similarities over temperature, the anchor itself left out
	Targets []int32           // (2N) column of each anchor's positive in Logits
	Across  *gorgonia.Node    // (N,N) logits of view 1 against view 2, for the accuracy that the papers log
	// Candidates is 2N-1+M, among which an anchor finds its positive.
	Candidates int
}

// NTXent is the normalised temperature-scaled cross-entropy of SimCLR
// (arXiv:2002.05709, equation 1). h (2N,D) holds view 1 of N videos, then
// view 2; the positive of a row is the other view of its video, and all other
// rows are negatives. The partner stays in the denominator, the row itself
// does not. Gradients reach all rows.
//
// The official code minimises the sum of the two views' means, twice this one.
func NTXent(h *gorgonia.Node, o NTXentOptions) NTXentNodes {
	rows := h.Shape()[0]
	n := rows / 2
	z := direction(h, o.Raw)
	all := op.Scale(op.MatMul(z, z, device.MatMulAttrs{TransB: true}), 1/o.Temperature)
	logits := withoutDiagonal(all)
	if o.Negatives != nil {
		hard := op.MatMul(z, direction(o.Negatives, o.Raw), device.MatMulAttrs{TransB: true})
		logits = op.Concat(1, logits, op.Scale(hard, 1/o.Temperature))
	}
	out := NTXentNodes{
		Z: z, Logits: logits, Targets: partners(n, o.PartnerOffset),
		Across: op.Slice(op.Slice(all, 0, 0, n), 1, n, rows), Candidates: logits.Shape()[1],
	}
	for v := range out.Views {
		targets := Targets(h.Graph(), out.Targets[v*n:(v+1)*n])
		out.Views[v] = op.CrossEntropy(op.Slice(logits, 0, v*n, (v+1)*n), targets)
	}
	out.Loss = op.Scale(op.Add(out.Views[0], out.Views[1]), .5)
	return out
}

func direction(h *gorgonia.Node, raw bool) *gorgonia.Node {
	if raw {
		return h
	}
	return op.Normalize(h)
}

// withoutDiagonal turns a square matrix (M,M) into (M,M-1), each row without
// its diagonal element. In row-major order these elements lie M+1 apart, so
// that they are one column of the flat rest; nothing is masked with large
// numbers, which would overflow half precision.
func withoutDiagonal(x *gorgonia.Node) *gorgonia.Node {
	m := x.Shape()[0]
	x = op.Slice(op.Reshape(x, m*m), 0, 1, m*m)
	x = op.Slice(op.Reshape(x, m-1, m+1), 1, 0, m)
	return op.Reshape(x, m, m-1)
}

// partners returns the column of each anchor's positive once the diagonal is
// gone, for two views of n videos.
func partners(n, offset int) []int32 {
	columns := make([]int32, 2*n)
	for i := range columns {
		video := ((i+offset)%n + n) % n
		partner := video + n - i/n*n // the other view
		if partner > i {
			partner--
		}
		columns[i] = int32(partner)
	}
	return columns
}
