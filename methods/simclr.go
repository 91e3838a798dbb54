package methods

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/pretext"
)

// SimCLRConfig holds the settings of SimCLR.
type SimCLRConfig struct {
	Temperature float64 `yaml:"temperature" doc:"divisor of the logits"`
	// PartnerOffset shifts every positive by this many videos. Anything but 0
	// breaks the method on purpose: it is the control that must learn nothing.
	PartnerOffset int `yaml:"partner_offset" doc:"videos by which positives are shifted: other than 0 is the control that must fail"`
}

// Validate checks the ranges.
func (c *SimCLRConfig) Validate() error {
	if !(c.Temperature >= 0.001 && c.Temperature <= 100) {
		return fmt.Errorf("simclr.temperature %v: want 0.001 to 100", c.Temperature)
	}
	return nil
}

// SimCLR contrasts anchors with positives by NT-Xent over the batch
// (arXiv:2002.05709), for video as in CVRL (arXiv:2008.03800). The loss is the
// mean over the 2N anchors, half of what the official code minimises, so that
// it starts near ln(2N-1) whatever the batch. Hard negatives, where a task
// yields them, join the denominator of every anchor. Predict views add their
// cross-entropy.
type SimCLR struct {
	cfg SimCLRConfig
	predictions
	clips *gorgonia.Node
}

var _ Splitter = (*SimCLR)(nil)

var simCLREntry = Entry{
	Name:    "simclr",
	Doc:     "NT-Xent over the batch (arXiv:2002.05709)",
	Section: "simclr",
	Config:  func() any { return &SimCLRConfig{Temperature: 0.2} },
	New: func(cfg any) (Method, error) {
		c := cfg.(*SimCLRConfig)
		return &SimCLR{cfg: *c}, c.Validate()
	},
}

// Build draws the graph.
func (m *SimCLR) Build(env *Env) (*Graph, error) { return buildWhole(m, env) }

// Towers encodes all views: logits of the Predict views, then, where any are
// contrasted, the projections of the others. These go through the projector
// together, so that they share the statistics of the batch norm.
func (m *SimCLR) Towers(env *Env, s nn.Scope) ([]*gorgonia.Node, error) {
	if err := noText(env, "simclr"); err != nil {
		return nil, err
	}
	m.clips = env.clips(s.Graph(), "clips", len(env.Views()))
	f := env.encode(s, m.clips)
	outputs := m.heads(env, s, predictHidden, func(v View) *gorgonia.Node { return rows(f, v.At, env.N) })
	var features []*gorgonia.Node
	for _, v := range contrasted(env) {
		features = append(features, rows(f, v.At, env.N))
	}
	if len(features) == 0 {
		return outputs, nil
	}
	if len(features) > 1 {
		f = op.Concat(0, features...)
	}
	return append(outputs, project(s.Sub("projector"), f, env.Projector)), nil
}

// contrasted are the views that are projected.
func contrasted(env *Env) []View {
	return slices.DeleteFunc(env.Views(), func(v View) bool { return v.Role == pretext.Predict })
}

// Loss adds the cross-entropy of Predict views and NT-Xent for each part.
func (m *SimCLR) Loss(env *Env, s nn.Scope, outputs []*gorgonia.Node) (*Graph, error) {
	if slices.ContainsFunc(env.Views(), func(v View) bool { return v.Role == pretext.Anchor }) {
		if err := enough(env, "simclr"); err != nil {
			return nil, err
		}
	}
	out := &Graph{Terms: m.losses(env, s.Graph(), outputs)}
	for p := range env.Parts {
		if env.at(p, pretext.Anchor) < 0 {
			continue
		}
		c := m.contrast(env, p, outputs[len(outputs)-1])
		out.Terms = append(out.Terms, c.term)
		if out.Embeddings == nil {
			out.Embeddings, out.Candidates = c.embeddings, c.term.Choices
		}
	}
	out.Loss = total(out.Terms)
	return out, nil
}

// contrast is the contrastive term of one part.
type contrast struct {
	term       Term
	embeddings *gorgonia.Node
}

// contrast is NT-Xent over the views of one part, cut from z: of the anchor and
// its positive, or with more of them the mean over each two consecutive clips.
func (m *SimCLR) contrast(env *Env, part int, z *gorgonia.Node) contrast {
	cut := func(role pretext.Role) (nodes []*gorgonia.Node) {
		for i, v := range contrasted(env) {
			if v.Part == part && v.Role == role {
				nodes = append(nodes, rows(z, i, env.N))
			}
		}
		return nodes
	}
	o := loss.NTXentOptions{Temperature: m.cfg.Temperature, PartnerOffset: m.cfg.PartnerOffset}
	if hard := cut(pretext.Negative); len(hard) > 0 {
		o.Negatives = hard[0]
	}
	pairs := loss.RhoNTXent(append(cut(pretext.Anchor), cut(pretext.Positive)...), o)
	sum := pairs[0].Loss
	for _, p := range pairs[1:] {
		sum = op.Add(sum, p.Loss)
	}
	if len(pairs) > 1 {
		sum = op.Scale(sum, 1/float64(len(pairs)))
	}
	return contrast{embeddings: pairs[0].Z, term: Term{
		Name: env.Parts[part].Name, Weight: env.Parts[part].Weight, Loss: sum, Hits: pairs[0].Hits, Choices: pairs[0].Candidates,
	}}
}

// Feed binds clips and targets.
func (m *SimCLR) Feed(b *Batch, bind Bind) error { return feedWhole(m, b, bind) }

// FeedTowers binds clips.
func (m *SimCLR) FeedTowers(b *Batch, bind Bind) error { return bind(m.clips, b.Clips) }

// FeedLoss binds targets.
func (m *SimCLR) FeedLoss(b *Batch, bind Bind) error { return m.feed(b, bind) }

// AfterStep does nothing: SimCLR keeps no state.
func (m *SimCLR) AfterStep() error { return nil }

// State is empty.
func (m *SimCLR) State() []State { return nil }

// Close does nothing.
func (m *SimCLR) Close() error { return nil }

// enough refuses a batch in which no other video is a negative.
func enough(env *Env, method string) error {
	if env.N < 2 {
		return fmt.Errorf("methods: %s: a batch of %d video has nothing to contrast: raise --batch to at least 2", method, env.N)
	}
	return nil
}

// noText refuses parts that need captions.
func noText(env *Env, method string) error {
	for _, p := range env.Parts {
		if p.Task.Spec().Text {
			return fmt.Errorf("methods: %s: task %s pairs videos with captions: use --method clip", method, p.Name)
		}
	}
	return nil
}
