package methods

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/pretext"
)

// Supervised trains the encoder and a linear head by cross-entropy on the
// targets of Predict views; fine-tuning is this method from given weights.
type Supervised struct {
	predictions
	clips *gorgonia.Node
}

var _ Method = (*Supervised)(nil)

var supervisedEntry = Entry{
	Name: "supervised",
	Doc:  "cross-entropy on labels through a linear head: fine-tuning and training from scratch",
	New:  func(any) (Method, error) { return &Supervised{}, nil },
}

// Build draws the graph; every view must be a Predict view.
func (m *Supervised) Build(env *Env) (*Graph, error) {
	views := env.Views()
	for _, v := range views {
		if v.Role != pretext.Predict {
			return nil, fmt.Errorf("methods: supervised: task %s yields views to contrast, want targets to predict: use --method simclr, or --task action-recognition", env.Parts[v.Part].Name)
		}
	}
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, env.Store, env.Seed)
	m.clips = env.clips(g, "clips", len(views))
	f := env.encode(s, m.clips)
	terms := m.build(env, s, 0, func(v View) *gorgonia.Node { return rows(f, v.At, env.N) })
	return &Graph{Loss: total(terms), Params: s.Params(), Terms: terms}, env.Store.Err()
}

// Feed binds clips and targets.
func (m *Supervised) Feed(b *Batch, bind Bind) error {
	if err := bind(m.clips, b.Clips); err != nil {
		return err
	}
	return m.feed(b, bind)
}

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
