package methods

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/pretext"
)

// CLIPConfig holds the settings of CLIP.
type CLIPConfig struct {
	Temperature      float64 `yaml:"temperature" doc:"at the start"`
	LearnTemperature bool    `yaml:"learn_temperature" doc:"the logit scale is a parameter"`
}

// Validate checks the ranges.
func (c *CLIPConfig) Validate() error {
	if !(c.Temperature >= 0.01 && c.Temperature <= 1) {
		return fmt.Errorf("clip.temperature %v: want 0.01 to 1", c.Temperature)
	}
	return nil
}

// CLIP pairs clips with their captions by symmetric InfoNCE over the batch
// (arXiv:2103.00020). Other videos with the very same caption are no
// negatives: their pairs are left out. The log of the logit scale is kept within
// [0, ln 100] after every step.
type CLIP struct {
	cfg CLIPConfig
	predictions
	env               *Env
	clips, ids, words *gorgonia.Node
	captions          *gorgonia.Node // (N), equal for equal captions
	numbers           []int32        // of the captions of the batch
}

var _ Splitter = (*CLIP)(nil)

var clipEntry = Entry{
	Name:    "clip",
	Doc:     "symmetric InfoNCE of clips and captions (arXiv:2103.00020)",
	Section: "clip",
	Config:  func() any { return &CLIPConfig{Temperature: 0.07, LearnTemperature: true} },
	New: func(cfg any) (Method, error) {
		c := cfg.(*CLIPConfig)
		return &CLIP{cfg: *c}, c.Validate()
	},
	DefaultFor: "video-text",
}

const logitScale = "logit_scale"

var maxLogScale = math.Log(100)

// Build draws the graph of both towers.
func (m *CLIP) Build(env *Env) (*Graph, error) { return buildWhole(m, env) }

// Towers encodes clips and captions: logits of the Predict views, then the
// embeddings of anchors and of their captions, not normalised.
func (m *CLIP) Towers(env *Env, s nn.Scope) ([]*gorgonia.Node, error) {
	m.env = env
	part, err := m.part()
	if err != nil {
		return nil, err
	}
	if env.Text.Config.Out != env.Projector.Out {
		return nil, fmt.Errorf("methods: clip: text.out is %d and projector.out %d: both towers end in one space, set them to the same", env.Text.Config.Out, env.Projector.Out)
	}
	g, dtype, length := s.Graph(), env.Store.DType(), env.Text.Config.Length
	m.clips = env.clips(g, "clips", len(env.Views()))
	m.ids = nn.Input(g, "ids", int32Type, env.N, length)
	m.words = nn.Input(g, "words", dtype, env.N, length)
	f := env.encode(s, m.clips)
	features := func(v View) *gorgonia.Node { return rows(f, v.At, env.N) }
	outputs := m.heads(env, s, predictHidden, features)
	video := project(s.Sub("projector"), features(env.Views()[env.at(part, pretext.Anchor)]), env.Projector)
	return append(outputs, video, TextTower(s.Sub("text"), m.ids, m.words, env.Text.Config, env.Text.Vocab)), nil
}

// Loss pairs the embeddings of all videos.
func (m *CLIP) Loss(env *Env, s nn.Scope, outputs []*gorgonia.Node) (*Graph, error) {
	m.env = env
	part, err := m.part()
	if err != nil {
		return nil, err
	}
	if err := enough(env, "clip"); err != nil {
		return nil, err
	}
	m.captions, m.numbers = nn.Input(s.Graph(), "captions", int32Type, env.N), make([]int32, env.N)
	last := len(outputs) - 2
	c := loss.CLIP(outputs[last], outputs[last+1], m.scale(s), m.captions)
	terms := append(m.losses(env, s.Graph(), outputs), Term{
		Name: env.Parts[part].Name, Weight: env.Parts[part].Weight, Loss: c.Loss, Hits: c.Hits, Choices: env.N,
	})
	return &Graph{Loss: total(terms), Terms: terms, Embeddings: op.Concat(0, c.Image, c.Text), Candidates: env.N}, nil
}

// scale is the log of the logit scale: a trained scalar, or a constant one.
func (m *CLIP) scale(s nn.Scope) *gorgonia.Node {
	start := func(int, []int, uint64) float64 { return -math.Log(m.cfg.Temperature) }
	if !m.cfg.LearnTemperature {
		return s.Buffer(logitScale, nil, start)
	}
	return s.Param(logitScale, nil, start, nn.Scalar)
}

// part finds the one part that has captions.
func (m *CLIP) part() (int, error) {
	found := -1
	for i, p := range m.env.Parts {
		spec := p.Task.Spec()
		switch {
		case spec.Text && found >= 0:
			return 0, fmt.Errorf("methods: clip: tasks %s and %s both pair captions: use one", m.env.Parts[found].Name, p.Name)
		case spec.Text:
			found = i
		case spec.Classes == 0:
			return 0, fmt.Errorf("methods: clip: task %s contrasts clips with clips: use --method simclr, or --task video-text", p.Name)
		}
	}
	if found < 0 || m.env.Text == nil {
		return 0, fmt.Errorf("methods: clip: no task pairs videos with captions: use --task video-text and data with captions")
	}
	return found, nil
}

// Feed binds clips, tokens and the numbers of equal captions.
func (m *CLIP) Feed(b *Batch, bind Bind) error { return feedWhole(m, b, bind) }

// FeedTowers binds clips and tokens.
func (m *CLIP) FeedTowers(b *Batch, bind Bind) error {
	for _, in := range []struct {
		node *gorgonia.Node
		data any
	}{{m.clips, b.Clips}, {m.ids, b.Tokens}, {m.words, b.Mask}} {
		if err := bind(in.node, in.data); err != nil {
			return err
		}
	}
	return nil
}

// FeedLoss binds the numbers of equal captions, and targets.
func (m *CLIP) FeedLoss(b *Batch, bind Bind) error {
	first := map[string]int32{}
	for i, caption := range b.Captions {
		if _, known := first[caption]; !known {
			first[caption] = int32(i)
		}
		m.numbers[i] = first[caption]
	}
	if err := bind(m.captions, m.numbers); err != nil {
		return err
	}
	return m.feed(b, bind)
}

// AfterStep keeps the logit scale within [1, 100].
func (m *CLIP) AfterStep() error {
	t, _ := m.env.Store.Lookup(logitScale)
	t.F32[0] = float32(min(max(float64(t.F32[0]), 0), maxLogScale))
	return nil
}

// State is empty: the logit scale is a parameter.
func (m *CLIP) State() []State { return nil }

// Close does nothing.
func (m *CLIP) Close() error { return nil }

// VideoEmbedding is the video tower under evaluation: (N,C,T,H,W) to unit rows (N,D).
func VideoEmbedding(env *Env, s nn.Scope, x *gorgonia.Node) *gorgonia.Node {
	return op.Normalize(project(s.Sub("projector"), env.encode(s, x), env.Projector))
}
