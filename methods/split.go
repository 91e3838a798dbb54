package methods

import (
	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
)

// Splitter is a method whose loss sees a batch only through what its towers make
// of each video: embeddings, logits. Towers may then run on a few videos at a time
// and the loss on all (gradient cache, arXiv:2101.06983).
type Splitter interface {
	Method
	// Towers draws what runs on env.N videos. Each output (v·N,…) holds v views of
	// all videos, view after view.
	Towers(env *Env, s nn.Scope) ([]*gorgonia.Node, error)
	// Loss draws the loss over the outputs of the towers, which may be inputs of
	// a graph of their own. Params of the graph are left to the caller.
	Loss(env *Env, s nn.Scope, outputs []*gorgonia.Node) (*Graph, error)
	// FeedTowers and FeedLoss bind a batch to the inputs of either.
	FeedTowers(b *Batch, bind Bind) error
	FeedLoss(b *Batch, bind Bind) error
}

// buildWhole draws towers and loss in one graph.
func buildWhole(m Splitter, env *Env) (*Graph, error) {
	s := nn.NewScope(gorgonia.NewGraph(), env.Store, env.Seed)
	outputs, err := m.Towers(env, s)
	if err != nil {
		return nil, err
	}
	g, err := m.Loss(env, s, outputs)
	if err != nil {
		return nil, err
	}
	g.Params = s.Params()
	return g, env.Store.Err()
}

// feedWhole binds all inputs of a whole graph.
func feedWhole(m Splitter, b *Batch, bind Bind) error {
	if err := m.FeedTowers(b, bind); err != nil {
		return err
	}
	return m.FeedLoss(b, bind)
}

// Part is the batch of videos [from, to) of b.
func (b *Batch) Part(from, to int) *Batch {
	n := to - from
	p := &Batch{N: n, Views: b.Views, Indices: b.Indices[from:to]}
	size := len(b.Clips) / (b.Views * b.N)
	for v := range b.Views {
		p.Clips = append(p.Clips, b.Clips[(v*b.N+from)*size:(v*b.N+to)*size]...)
		targets := b.Targets[v]
		if targets != nil {
			targets = targets[from:to]
		}
		p.Targets = append(p.Targets, targets)
	}
	if b.Tokens != nil {
		length := len(b.Tokens) / b.N
		p.Tokens, p.Mask = b.Tokens[from*length:to*length], b.Mask[from*length:to*length]
	}
	if b.Captions != nil {
		p.Captions = b.Captions[from:to]
	}
	return p
}
