package methods_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/nn/plan"
	"github.com/clvid/clvid/pretext"
	"github.com/clvid/clvid/text"
)

// tinyEncoder is an encoder of another package's making: one convolution.
var tinyEncoder = encoder.Entry{
	Name: "tiny", Doc: "one convolution",
	Features: func(encoder.Config) int { return 8 },
	Build: func(s nn.Scope, x *gorgonia.Node, _ encoder.Config) *gorgonia.Node {
		x = nn.Conv(s.Sub("conv"), x, nn.ConvConfig{Out: 8, Kernel: []int{1, 3, 3}, Stride: []int{1, 2, 2}, Pad: []int{0, 1, 1}})
		return nn.GlobalMean(nn.ReLU(nn.BatchNorm(s.Sub("bn"), x)))
	},
}

var tinyClip = media.ClipConfig{Frames: 4, Stride: 1, Size: 8, Input: media.InputRGB}

// combination is a method with a task that it accepts.
type combination struct {
	method, task string
	order        *pretext.OrderConfig
}

func (c combination) String() string {
	name := c.method + " on " + c.task
	if c.order != nil {
		name += " " + c.order.Role
	}
	return name
}

func order(role string) *pretext.OrderConfig {
	c := pretext.DefaultOrder()
	c.Role, c.Pieces = role, 2
	return &c
}

// combinations covers every registered method.
func combinations(t *testing.T) []combination {
	list := []combination{
		{"simclr", "clip-pairs", nil},
		{"simclr", "frame-order", order(pretext.OrderPositive)},
		{"simclr", "frame-order", order(pretext.OrderNegative)},
		{"simclr", "frame-order", order(pretext.OrderPredict)},
		{"simclr", "clip-pairs=1,frame-order=0.5", order(pretext.OrderPredict)},
		{"simclr", "clip-pairs=1,frame-order=0.5", order(pretext.OrderPositive)},
		{"simclr", "rho-clips", nil},
		{"simclr", "pace-prediction", nil},
		{"moco-v2", "clip-pairs", nil},
		{"moco-v2", "frame-order", order(pretext.OrderNegative)},
		{"moco-v2", "clip-pairs=1,frame-order=0.5", order(pretext.OrderPredict)},
		{"clip", "video-text", nil},
		{"supervised", "action-recognition", nil},
	}
	for _, e := range methods.Builtin() {
		if !slices.ContainsFunc(list, func(c combination) bool { return c.method == e.Name }) {
			t.Errorf("method %s is in the registry but in none of these tests", e.Name)
		}
	}
	return list
}

const classes = 3

func parts(t *testing.T, c combination) []pretext.Part {
	t.Helper()
	weighted, err := pretext.ParseTask(pretext.Builtin(), c.task)
	if err != nil {
		t.Fatal(err)
	}
	var out []pretext.Part
	for _, w := range weighted {
		var cfg any
		switch w.Name {
		case "frame-order":
			cfg = c.order
		case "rho-clips": // more than a pair
			rho := pretext.DefaultRho()
			rho.Clips = 3
			cfg = &rho
		}
		task, err := pretext.NewTask(pretext.Builtin(), w.Name, cfg, pretext.Env{Clip: tinyClip, Augment: media.NoAugment(), Classes: classes})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, pretext.Part{Name: w.Name, Weight: w.Weight, Task: task})
	}
	return out
}

// rig is a method under test with its program.
type rig struct {
	method  methods.Method
	env     *methods.Env
	graph   *methods.Graph
	machine *plan.Machine
	grads   []*gorgonia.Node
	opt     optim.Optimizer
}

func newRig(t *testing.T, c combination, seed uint64) *rig {
	t.Helper()
	entry, err := methods.Builtin().Lookup("method", c.method)
	if err != nil {
		t.Fatal(err)
	}
	var cfg any
	if entry.Config != nil {
		cfg = entry.Config()
	}
	if m, ok := cfg.(*methods.MoCoConfig); ok {
		m.QueueSize = 10 // no multiple of the batch: the queue must wrap
	}
	method, err := entry.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	be, err := cpu.Open(cpu.Options{Threads: 1, Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { be.Close() })
	r := &rig{method: method, env: &methods.Env{
		Parts: parts(t, c), N: 4, Clip: tinyClip.Shape(), Encoder: tinyEncoder,
		Projector: methods.Projector{Hidden: 8, Out: 6, Layers: 2}, Store: nn.NewStore(device.Float32), Backend: be, Seed: seed,
		Text: &methods.Text{Config: text.Config{Length: 3, Dim: 5, Hidden: 7, Out: 6}, Vocab: 9},
	}}
	r.build(t)
	t.Cleanup(func() { r.machine.Close(); method.Close() })
	return r
}

func (r *rig) build(t *testing.T) {
	t.Helper()
	var err error
	if r.graph, err = r.method.Build(r.env); err != nil {
		t.Fatal(err)
	}
	if r.grads, err = nn.Grad(r.graph.Loss, r.graph.Params); err != nil {
		t.Fatal(err)
	}
	outputs := append([]*gorgonia.Node{r.graph.Loss}, r.grads...)
	if r.machine, err = plan.Compile(r.env.Backend, plan.Options{Train: true, Params: r.env.Store}, outputs...); err != nil {
		t.Fatal(err)
	}
	c := optim.Default()
	c.LR = .02
	if r.opt, err = optim.New(c, methods.Trainable(c, r.env.Store, r.graph.Params)); err != nil {
		t.Fatal(err)
	}
}

// batch draws clips that differ from video to video, in colour above all, and
// noise between views.
func (r *rig) batch(seed uint64) *methods.Batch {
	rng := rand.New(rand.NewPCG(seed, 1))
	views, n := r.env.Views(), r.env.N
	size := r.env.Clip[0] * r.env.Clip[1] * r.env.Clip[2] * r.env.Clip[3]
	b := &methods.Batch{N: n, Views: len(views), Targets: make([][]int32, len(views)), Indices: make([]int, n)}
	base := make([]float32, n*size)
	colour, channel := float32(0), size/r.env.Clip[0]
	for i := range base {
		if i%channel == 0 {
			colour = float32(rng.NormFloat64())
		}
		base[i] = colour + .5*float32(rng.NormFloat64())
	}
	for v := range views {
		for _, x := range base {
			b.Clips = append(b.Clips, x+.1*float32(rng.NormFloat64()))
		}
		if views[v].Role == pretext.Predict {
			b.Targets[v] = make([]int32, n)
			for i := range n {
				b.Targets[v][i] = int32(i % r.env.Parts[views[v].Part].Task.Spec().Classes)
			}
		}
	}
	for i := range n {
		b.Captions = append(b.Captions, fmt.Sprint("caption ", i))
		for l := range 3 {
			b.Tokens, b.Mask = append(b.Tokens, int32((i+l*i)%9)), append(b.Mask, 1)
		}
	}
	return b
}

// step trains on one batch and returns its loss.
func (r *rig) step(t *testing.T, b *methods.Batch) float64 {
	t.Helper()
	if err := r.method.Feed(b, r.machine.Let); err != nil {
		t.Fatal(err)
	}
	if err := r.machine.RunAll(); err != nil {
		t.Fatal(err)
	}
	loss, err := r.machine.Scalar(r.graph.Loss)
	if err != nil {
		t.Fatal(err)
	}
	var grads [][]float32
	for _, g := range r.grads {
		values, err := r.machine.Float32s(g)
		if err != nil {
			t.Fatal(err)
		}
		grads = append(grads, values)
	}
	if err := r.opt.Step(optim.Rates{LR: .02, WeightDecay: 1e-4}, grads); err != nil {
		t.Fatal(err)
	}
	if err := r.method.AfterStep(); err != nil {
		t.Fatal(err)
	}
	return loss
}

func TestMethodsOverfitOneBatch(t *testing.T) {
	for _, c := range combinations(t) {
		if c.method == "moco-v2" {
			continue // its queue fills with the keys of the same videos: see below
		}
		t.Run(c.String(), func(t *testing.T) {
			r := newRig(t, c, 1)
			b := r.batch(1)
			first, last := r.step(t, b), 0.
			for range 60 {
				last = r.step(t, b)
			}
			guess := 0.
			for _, term := range r.graph.Terms {
				guess += term.Weight * math.Log(float64(term.Choices))
			}
			// Untrained embeddings are not evenly spread, so the first loss is
			// near a guess, not at it.
			if !(first > .2*guess && first < 5*guess) {
				t.Errorf("first loss %.3f, a guess is %.3f", first, guess)
			}
			if !(last < .8*first) {
				t.Errorf("loss went from %.3f to %.3f on one batch", first, last)
			}
		})
	}
}

func TestMethodsRepeat(t *testing.T) {
	for _, c := range combinations(t) {
		t.Run(c.String(), func(t *testing.T) {
			a, b, other := newRig(t, c, 1), newRig(t, c, 1), newRig(t, c, 2)
			var x, y, z float64
			for i := range uint64(3) {
				batch := a.batch(i)
				x, y, z = a.step(t, batch), b.step(t, batch), other.step(t, batch)
			}
			if x != y {
				t.Errorf("the same seed gave losses %v and %v", x, y)
			}
			if x == z {
				t.Errorf("another seed gave the same loss %v", x)
			}
		})
	}
}

// TestMethodsRestore saves after two steps and goes on from there elsewhere.
func TestMethodsRestore(t *testing.T) {
	for _, c := range combinations(t) {
		t.Run(c.String(), func(t *testing.T) {
			a, b := newRig(t, c, 1), newRig(t, c, 7)
			for i := range uint64(2) {
				a.step(t, a.batch(i))
			}
			for _, name := range a.env.Store.Names() {
				from, _ := a.env.Store.Lookup(name)
				to, _ := b.env.Store.Lookup(name)
				copy(to.F32, from.F32)
			}
			for i, s := range a.opt.State() {
				copy(b.opt.State()[i].Data, s.Data)
			}
			for i, s := range a.method.State() {
				copy(b.method.State()[i].F32, s.F32)
				copy(b.method.State()[i].I64, s.I64)
			}
			for i := range uint64(3) {
				if x, y := a.step(t, a.batch(5+i)), b.step(t, b.batch(5+i)); x != y {
					t.Fatalf("step %d after restoring: loss %v, want %v", i, y, x)
				}
			}
		})
	}
}

func TestMoCoLearnsOnNewVideos(t *testing.T) {
	for _, task := range []combination{{"moco-v2", "clip-pairs", nil}, {"moco-v2", "frame-order", order(pretext.OrderNegative)}} {
		r := newRig(t, task, 1)
		last := 0.
		for i := range uint64(120) {
			loss := r.step(t, r.batch(i))
			if i >= 100 {
				last += loss / 20
			}
		}
		// 10 keys of other videos stand against the positive; the hard
		// negative of the second task is but noise away from it.
		if guess := math.Log(float64(r.graph.Candidates)); !(last < .6*guess) {
			t.Errorf("%v: loss %.3f at the end, a guess is %.3f", task, last, guess)
		}
	}
}

func TestMoCoMomentumEncoderOnlyFollows(t *testing.T) {
	r := newRig(t, combination{"moco-v2", "clip-pairs", nil}, 1)
	momentum := func() []float32 {
		for _, s := range r.method.State() {
			if s.Name == "momentum.encoder.conv.weight" {
				return slices.Clone(s.F32)
			}
		}
		t.Fatal("no momentum.encoder.conv.weight in the state")
		return nil
	}
	query, _ := r.env.Store.Lookup("encoder.conv.weight")
	start := slices.Clone(query.F32)
	r.step(t, r.batch(1))
	if !slices.Equal(momentum(), start) {
		t.Fatal("the first step's momentum encoder is not a copy of the initial encoder")
	}
	moved := slices.Clone(query.F32)
	r.step(t, r.batch(2))
	for i, got := range momentum() {
		want := start[i] + .01*(moved[i]-start[i]) // EMA of decay .99, before the second update
		if math.Abs(float64(got-want)) > 1e-6 {
			t.Fatalf("momentum weight %d is %v, want %v", i, got, want)
		}
	}
}

func TestCLIPMasksEqualCaptions(t *testing.T) {
	// Two videos with one caption: masked, each still finds itself; unmasked,
	// the loss cannot fall below half of ln 2 for the pair.
	r := newRig(t, combination{"clip", "video-text", nil}, 1)
	b := r.batch(1)
	b.Captions[1] = b.Captions[0]
	copy(b.Tokens[3:6], b.Tokens[:3])
	last := 0.
	for range 150 {
		last = r.step(t, b)
	}
	if last > .1 {
		t.Errorf("loss %.3f after 150 steps with the pair masked, want below .1", last)
	}
}

func TestWrongCombinations(t *testing.T) {
	for _, tc := range []struct {
		c    combination
		n    int
		want string
	}{
		{combination{"supervised", "clip-pairs", nil}, 2, "want targets to predict"},
		{combination{"simclr", "video-text", nil}, 2, "use --method clip"},
		{combination{"moco-v2", "video-text", nil}, 2, "use --method clip"},
		{combination{"clip", "clip-pairs", nil}, 2, "video-text"},
		{combination{"moco-v2", "clip-pairs,frame-order", order(pretext.OrderPositive)}, 2, "one queue"},
		{combination{"moco-v2", "rho-clips", nil}, 2, "several positives"},
		{combination{"simclr", "clip-pairs", nil}, 1, "raise --batch to at least 2"},
		{combination{"clip", "video-text", nil}, 2, "text.out is 6 and projector.out 5"},
	} {
		t.Run(tc.c.String(), func(t *testing.T) {
			entry, err := methods.Builtin().Lookup("method", tc.c.method)
			if err != nil {
				t.Fatal(err)
			}
			var cfg any
			if entry.Config != nil {
				cfg = entry.Config()
			}
			method, err := entry.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			_, err = method.Build(&methods.Env{Parts: parts(t, tc.c), N: tc.n, Clip: tinyClip.Shape(), Encoder: tinyEncoder, Store: nn.NewStore(device.Float32),
				Projector: methods.Projector{Hidden: 8, Out: 5, Layers: 2}, Text: &methods.Text{Config: text.Config{Length: 3, Dim: 5, Hidden: 7, Out: 6}, Vocab: 9}})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}
