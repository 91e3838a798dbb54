package op

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
)

// Embedding looks ids, int32 (N,L), up in table (V,D) and returns (N,L,D).
// Ids outside [0,V) are an error when the plan runs.
func Embedding(table, ids *gorgonia.Node) *gorgonia.Node {
	checkRank(table, device.Embedding, "table", 2)
	checkRank(ids, device.Embedding, "ids", 2)
	checkIDs(ids, device.Embedding, "ids")
	s := ids.Shape()
	o := &Op{kind: device.Embedding, out: like(table, s[0], s[1], table.Shape()[1]), wrt: []bool{true, false}}
	o.grad = func(in gorgonia.Nodes, _, dout *gorgonia.Node) gorgonia.Nodes {
		d := &Op{kind: device.EmbeddingGrad, out: TypeOf(in[0])}
		return gorgonia.Nodes{d.apply(dout, in[0], in[1]), nil}
	}
	return o.apply(table, ids)
}
