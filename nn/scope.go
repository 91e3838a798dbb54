// Package nn builds networks: functions on graph nodes whose weights live in
// a Store under state-dict names. A model is a plain function from a Scope
// and a node to a node.
//
// Axes: N batch, C channels, T time, H, W, D features.
package nn

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/op"
)

// Scope names the leaves of one graph: s.Sub("layer1").Sub("0") makes
// "layer1.0.conv1.weight". It is a value; scopes derived from one root share
// the list of trainable leaves.
type Scope struct {
	graph  *gorgonia.ExprGraph
	store  *Store
	seed   uint64
	path   string // "" or ends with "."
	frozen bool
	shared bool
	params *[]*gorgonia.Node
}

// NewScope returns the root scope of a graph. Initial values derive from
// seed and names, dropouts' masks from seed and order. Two roots on one graph keep lists of their own.
func NewScope(g *gorgonia.ExprGraph, s *Store, seed uint64) Scope {
	return Scope{graph: g, store: s, seed: seed, params: new([]*gorgonia.Node)}
}

// Sub is the scope of a part: its names start with this scope's, name and a dot.
func (s Scope) Sub(name string) Scope {
	s.path += name + "."
	return s
}

// Frozen is the same scope, whose leaves are not trained: Params leaves them out.
func (s Scope) Frozen() Scope {
	s.frozen = true
	return s
}

// Shared is the same scope, in which a leaf that exists already is returned
// again instead of being refused: so one network is applied to two inputs.
func (s Scope) Shared() Scope {
	s.shared = true
	return s
}

// Params lists the trainable leaves made through this scope and its
// relatives, in the order of their creation.
func (s Scope) Params() []*gorgonia.Node { return slices.Clone(*s.params) }

// Graph is the graph that leaves are added to.
func (s Scope) Graph() *gorgonia.ExprGraph { return s.graph }

// Store owns the values of the leaves.
func (s Scope) Store() *Store { return s.store }

// Param makes a trainable leaf. A full name that the graph has already is a
// programmer's error and panics, unless the scope is Shared.
func (s Scope) Param(name string, shape []int, init Init, kind Kind) *gorgonia.Node {
	n, made := s.leaf(name, shape, init, kind)
	if made && !s.frozen && kind != Buffer {
		*s.params = append(*s.params, n)
	}
	return n
}

// Buffer makes a leaf that is saved but never trained, such as a running mean.
func (s Scope) Buffer(name string, shape []int, init Init) *gorgonia.Node {
	n, _ := s.leaf(name, shape, init, Buffer)
	return n
}

func (s Scope) leaf(name string, shape []int, init Init, kind Kind) (n *gorgonia.Node, made bool) {
	full := s.path + name
	s.store.Get(full, shape, init, kind, s.seed)
	if s.shared {
		if old := s.graph.ByName(full); len(old) > 0 {
			if !slices.Equal([]int(old[0].Shape()), shape) {
				panic(fmt.Sprintf("nn: shared leaf %s has shape %v, asked for %v", full, old[0].Shape(), shape))
			}
			return old[0], false
		}
	}
	return Input(s.graph, full, s.store.dtype, shape...), true
}

// Input makes a leaf whose value is bound before each run; no shape is a
// scalar. A name that the graph has already panics: Gorgonia would merge the
// two.
func Input(g *gorgonia.ExprGraph, name string, dtype device.DType, shape ...int) *gorgonia.Node {
	if name == "" {
		panic("nn: a leaf needs a name")
	}
	if len(g.ByName(name)) > 0 {
		panic(fmt.Sprintf("nn: leaf %s exists already in this graph: name it apart, or use Scope.Shared", name))
	}
	t := op.GorgoniaDtype(dtype)
	if len(shape) == 0 {
		return gorgonia.NewScalar(g, t, gorgonia.WithName(name))
	}
	return gorgonia.NewTensor(g, t, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name))
}
