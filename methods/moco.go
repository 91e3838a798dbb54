package methods

import (
	"fmt"
	"slices"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/loss"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/pretext"
)

// MoCoConfig holds the settings of MoCo.
type MoCoConfig struct {
	Temperature float64 `yaml:"temperature" doc:"divisor of the logits"`
	QueueSize   int     `yaml:"queue_size" doc:"K, keys kept, at least the batch"`
	EMADecay    float64 `yaml:"ema_decay" doc:"of the momentum encoder, in [0,1)"`
	EMASchedule string  `yaml:"ema_schedule" doc:"constant, or cosine: from ema_decay to 1 over the run"`
}

// Validate checks the ranges.
func (c *MoCoConfig) Validate() error {
	switch {
	case !(c.Temperature >= 0.001 && c.Temperature <= 100):
		return fmt.Errorf("moco.temperature %v: want 0.001 to 100", c.Temperature)
	case c.QueueSize < 1:
		return fmt.Errorf("moco.queue_size %d: want at least the batch", c.QueueSize)
	case !(c.EMADecay >= 0 && c.EMADecay < 1):
		return fmt.Errorf("moco.ema_decay %v: want 0 to below 1, as 0.99", c.EMADecay)
	case c.EMASchedule != optim.Constant && c.EMASchedule != optim.Cosine:
		return fmt.Errorf("moco.ema_schedule %q: want %s or %s", c.EMASchedule, optim.Constant, optim.Cosine)
	}
	return nil
}

// MoCo contrasts a query with the key of another view of the same video
// against a queue of past keys (arXiv:1911.05722); its head is an MLP without
// batch norm (v2, arXiv:2003.04297). Keys come from a momentum encoder outside
// the gradient. A step runs as the official code does: momentum encoder, keys,
// loss against the queue as it was, gradient, and only then the new keys enter.
//
// Departs from it: no shuffled batch norm, as one device has nothing to
// shuffle; a queue of any size, which wraps in the middle of a batch; hard
// negatives, where a task yields them, are further negatives of their anchor.
type MoCo struct {
	cfg MoCoConfig
	predictions
	env       *Env
	clips     *gorgonia.Node // (Vq·N,C,T,H,W) views of the query side
	keys      *gorgonia.Node // (N,D) unit rows, one node for each contrasted part
	past      *gorgonia.Node // (K,D)
	hard      *gorgonia.Node // (N,D), nil without hard negatives
	querySide []View
	keySide   []View
	momentum  *nn.Store
	network   *Network
	queue     *loss.Queue[float32]
	fresh     []float32 // keys of this step so far, (N,D) of each of its batches
	buffer    []float32
	steps     []int64 // steps taken, one number: the first EMA is skipped
}

var _ Method = (*MoCo)(nil)

var mocoV2Entry = Entry{
	Name:    "moco-v2",
	Doc:     "momentum encoder and a queue of keys (arXiv:2003.04297)",
	Section: "moco",
	Config: func() any {
		return &MoCoConfig{Temperature: 0.2, QueueSize: 4096, EMADecay: 0.99, EMASchedule: optim.Constant}
	},
	New: func(cfg any) (Method, error) {
		c := cfg.(*MoCoConfig)
		return &MoCo{cfg: *c}, c.Validate()
	},
}

// Build draws the query graph and compiles the momentum encoder.
func (m *MoCo) Build(env *Env) (*Graph, error) {
	m.env = env
	part, err := m.split()
	if err != nil {
		return nil, err
	}
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, env.Store, env.Seed)
	m.clips = env.clips(g, "clips", len(m.querySide))
	f := env.encode(s, m.clips)
	features := func(v View) *gorgonia.Node { return rows(f, m.queryRow(v), env.N) }
	terms := m.predictions.build(env, s, predictHidden, features)
	out := &Graph{}
	if part >= 0 {
		term, z := m.contrast(s, part, features)
		terms = append(terms, term)
		out.Embeddings, out.Candidates = z, term.Choices
	}
	out.Loss, out.Params, out.Terms = total(terms), s.Params(), terms
	if err := env.Store.Err(); err != nil || part < 0 {
		return out, err
	}
	return out, m.buildKeys()
}

// split sorts the views into query and key side and returns the contrasted
// part, -1 where there is none.
func (m *MoCo) split() (int, error) {
	if err := noText(m.env, "moco-v2"); err != nil {
		return 0, err
	}
	part := -1
	for _, v := range m.env.Views() {
		switch v.Role {
		case pretext.Anchor:
			if part >= 0 {
				return 0, fmt.Errorf("methods: moco-v2: tasks %s and %s both contrast, and there is one queue: use one of them, or --method simclr", m.env.Parts[part].Name, m.env.Parts[v.Part].Name)
			}
			part = v.Part
			m.querySide = append(m.querySide, v)
		case pretext.Predict:
			m.querySide = append(m.querySide, v)
		case pretext.Positive:
			if slices.ContainsFunc(m.keySide, func(k View) bool { return k.Part == v.Part && k.Role == v.Role }) {
				return 0, fmt.Errorf("methods: moco-v2: task %s has several positives, and one key is contrasted: set rho.clips to 2, or use --method simclr", m.env.Parts[v.Part].Name)
			}
			m.keySide = append(m.keySide, v)
		default:
			m.keySide = append(m.keySide, v)
		}
	}
	if part >= 0 && m.cfg.QueueSize < m.env.N {
		return 0, fmt.Errorf("methods: moco-v2: moco.queue_size %d is below the batch of %d videos: raise it", m.cfg.QueueSize, m.env.N)
	}
	return part, nil
}

func (m *MoCo) queryRow(v View) int {
	for i, q := range m.querySide {
		if q.At == v.At {
			return i
		}
	}
	return -1
}

// contrast adds InfoNCE of the anchors against keys and queue.
func (m *MoCo) contrast(s nn.Scope, part int, features func(View) *gorgonia.Node) (Term, *gorgonia.Node) {
	env, d := m.env, m.env.Projector.Out
	g := s.Graph()
	anchor := env.Views()[env.at(part, pretext.Anchor)]
	q := mocoHead(s.Sub("projector"), features(anchor), env.Projector)
	m.keys = nn.Input(g, "keys", env.Store.DType(), env.N, d)
	m.past = nn.Input(g, "queue", env.Store.DType(), m.cfg.QueueSize, d)
	if env.at(part, pretext.Negative) >= 0 {
		m.hard = nn.Input(g, "hard", env.Store.DType(), env.N, d)
	}
	nce := loss.InfoNCE(q, m.keys, m.past, loss.InfoNCEOptions{Temperature: m.cfg.Temperature, Hard: m.hard})
	return Term{
		Name: env.Parts[part].Name, Weight: env.Parts[part].Weight, Loss: nce.Loss, Hits: nce.Hits,
		Choices: nce.Candidates,
	}, op.Concat(0, nce.Z, m.keys)
}

// mocoHead is Linear-ReLU-Linear with biases and without batch norm, which
// would leak the positive through the statistics of the batch.
func mocoHead(s nn.Scope, f *gorgonia.Node, p Projector) *gorgonia.Node {
	return nn.Linear(s.Sub("2"), nn.ReLU(nn.Linear(s.Sub("0"), f, p.Hidden, true)), p.Out, true)
}

// buildKeys copies the encoder and compiles the key side, whose batch norm
// uses the statistics of its own batch.
func (m *MoCo) buildKeys() error {
	env, c := m.env, m.env.Clip
	m.momentum = nn.NewStore(env.Store.DType())
	in := []NetworkInput{{"keys", env.Store.DType(), []int{len(m.keySide) * env.N, c[0], c[1], c[2], c[3]}}}
	var err error
	m.network, err = NewNetwork(env, m.momentum, true, in, func(s nn.Scope, x []*gorgonia.Node) *gorgonia.Node {
		return op.Normalize(mocoHead(s.Sub("projector"), env.encode(s, x[0]), env.Projector))
	})
	if err != nil {
		return err
	}
	d := env.Projector.Out
	m.queue = loss.NewQueue[float32](m.cfg.QueueSize, d, pretext.RNG(env.Seed, -1, 0))
	m.steps = make([]int64, 1)
	return nil
}

// Feed moves the momentum encoder, computes the keys and binds all inputs.
func (m *MoCo) Feed(b *Batch, bind Bind) error {
	if err := m.predictions.feed(b, bind); err != nil {
		return err
	}
	if err := bind(m.clips, m.gather(b, m.querySide)); err != nil {
		return err
	}
	if m.queue == nil {
		return nil
	}
	n := m.env.N * m.env.Projector.Out
	part := len(m.fresh) / n // of the step's batches, how many came before
	if part == 0 {
		m.moveMomentum()
	}
	// Dropouts of the keys draw apart from those of the queries, and of other
	// batches of the step.
	m.network.SetStep(-1 - int(m.steps[0]) - part<<24)
	k, err := m.network.Run(m.gather(b, m.keySide))
	if err != nil {
		return fmt.Errorf("methods: moco-v2: keys: %w", err)
	}
	if err := bind(m.past, m.queue.Rows()); err != nil {
		return err
	}
	for i, v := range m.keySide {
		rows := k[i*n : (i+1)*n]
		if v.Role == pretext.Positive {
			m.fresh = append(m.fresh, rows...)
			err = bind(m.keys, rows)
		} else {
			err = bind(m.hard, rows)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moveMomentum applies the EMA to parameters; running statistics are the
// momentum encoder's own. The first step copies the trained encoder.
func (m *MoCo) moveMomentum() {
	step := int(m.steps[0])
	decay := optim.EMASchedule(m.cfg.EMADecay, m.cfg.EMASchedule == optim.Cosine, m.env.Steps).At(step)
	for _, name := range m.momentum.Names() {
		to, _ := m.momentum.Lookup(name)
		from, _ := m.env.Store.Lookup(name)
		switch {
		case step == 0:
			copy(to.F32, from.F32)
		case to.Kind != nn.Buffer:
			optim.EMA(to.F32, from.F32, decay)
		}
	}
}

// gather joins the clips of some views; a batch of all views in order is
// passed on as it is.
func (m *MoCo) gather(b *Batch, views []View) []float32 {
	if len(views) == b.Views {
		return b.Clips
	}
	m.buffer = m.buffer[:0]
	for _, v := range views {
		m.buffer = append(m.buffer, b.view(v.At)...)
	}
	return m.buffer
}

// AfterStep puts the keys of the step into the queue.
func (m *MoCo) AfterStep() error {
	if m.queue == nil {
		return nil
	}
	m.steps[0]++
	fresh := m.fresh
	m.fresh = m.fresh[:0]
	return m.queue.Enqueue(fresh)
}

// State is the momentum encoder, the queue and its position.
func (m *MoCo) State() []State {
	if m.queue == nil {
		return nil
	}
	out := []State{
		{Name: "queue", Shape: []int{m.cfg.QueueSize, m.env.Projector.Out}, F32: m.queue.Rows()},
		{Name: "queue_pointer", Shape: []int{1}, I64: m.queue.Pointer()},
		{Name: "steps", Shape: []int{1}, I64: m.steps},
	}
	for _, name := range m.momentum.Names() {
		t, _ := m.momentum.Lookup(name)
		out = append(out, State{Name: "momentum." + name, Shape: t.Shape, F32: t.F32})
	}
	return out
}

// Close frees the key program.
func (m *MoCo) Close() error {
	if m.network == nil {
		return nil
	}
	return m.network.Close()
}
