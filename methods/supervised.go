package methods

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/pretext"
)

// SupervisedConfig holds the settings of training with labels.
type SupervisedConfig struct {
	LabelSmoothing float64 `yaml:"label_smoothing" doc:"share of a target that all classes divide evenly, less than 1; 0: none"`
}

// Validate checks the range.
func (c *SupervisedConfig) Validate() error {
	if !(c.LabelSmoothing >= 0 && c.LabelSmoothing < 1) {
		return fmt.Errorf("supervised.label_smoothing %v: want at least 0 and less than 1", c.LabelSmoothing)
	}
	return nil
}

// Supervised trains the encoder and a linear head by cross-entropy on the
// targets of Predict views, which may be smoothed; fine-tuning is this method
// from given weights.
type Supervised struct {
	predictions
	clips *gorgonia.Node
}

var _ Splitter = (*Supervised)(nil)

var supervisedEntry = Entry{
	Name: "supervised",
	Doc:  "cross-entropy on labels, smoothed or not, through a linear head: fine-tuning and training from scratch",

	Section: "supervised",
	Config:  func() any { return &SupervisedConfig{} },
	New: func(cfg any) (Method, error) {
		c := cfg.(*SupervisedConfig)
		return &Supervised{predictions: predictions{smoothing: c.LabelSmoothing}}, c.Validate()
	},

	DefaultFor: "action-recognition",
}

// Build draws the graph; every view must be a Predict view.
func (m *Supervised) Build(env *Env) (*Graph, error) { return buildWhole(m, env) }

// Towers are the logits of all views.
func (m *Supervised) Towers(env *Env, s nn.Scope) ([]*gorgonia.Node, error) {
	views := env.Views()
	for _, v := range views {
		if v.Role != pretext.Predict {
			return nil, fmt.Errorf("methods: supervised: task %s yields views to contrast, want targets to predict: use --method simclr, or --task action-recognition", env.Parts[v.Part].Name)
		}
	}
	m.clips = env.clips(s.Graph(), "clips", len(views))
	f := env.encode(s, m.clips)
	return m.heads(env, s, 0, func(v View) *gorgonia.Node { return rows(f, v.At, env.N) }), nil
}

// Loss is the cross-entropy of all views.
func (m *Supervised) Loss(env *Env, s nn.Scope, outputs []*gorgonia.Node) (*Graph, error) {
	terms := m.losses(env, s.Graph(), outputs)
	return &Graph{Loss: total(terms), Terms: terms}, nil
}

// Feed binds clips and targets.
func (m *Supervised) Feed(b *Batch, bind Bind) error { return feedWhole(m, b, bind) }

// FeedTowers binds clips.
func (m *Supervised) FeedTowers(b *Batch, bind Bind) error { return bind(m.clips, b.Clips) }

// FeedLoss binds targets.
func (m *Supervised) FeedLoss(b *Batch, bind Bind) error { return m.feed(b, bind) }

// AfterStep does nothing.
func (m *Supervised) AfterStep() error { return nil }

// State is empty.
func (m *Supervised) State() []State { return nil }

// Close does nothing.
func (m *Supervised) Close() error { return nil }

// Classifier is the network that Supervised trains on a part, for evaluation:
// (N,C,T,H,W) to logits (N, classes).
func Classifier(part string, classes int) ClipTower {
	return func(env *Env, s nn.Scope, clips *gorgonia.Node) *gorgonia.Node {
		return classify(s.Sub("head").Sub(part), env.encode(s, clips), 0, classes)
	}
}
