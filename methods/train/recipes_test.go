package train_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/op"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/pretext"
)

// The three recipes of ARCHITECTURE.md from outside their packages: a task, an
// encoder and a method of this file's making, registered, looked up and trained.

// backwards is a pretext task: is the clip played backwards?
type backwards struct{ clip media.ClipConfig }

func (t backwards) Spec() pretext.Spec {
	return pretext.Spec{Roles: []pretext.Role{pretext.Predict}, Classes: 2}
}

func (t backwards) Spans(rng *rand.Rand, v pretext.Video) ([]media.Span, error) {
	s, err := t.clip.TrainSpan(rng, v.Frames)
	return []media.Span{s}, err
}

func (t backwards) Views(rng *rand.Rand, _ pretext.Video, clips []*media.Clip) ([]pretext.View, error) {
	clip := *clips[0]
	target := rng.IntN(2)
	if target == 1 {
		frames := make([]*media.Frame, len(clip.Frames))
		for i, f := range clip.Frames {
			frames[len(frames)-1-i] = f
		}
		clip.Frames = frames
	}
	data, err := media.RenderCentre(&clip, t.clip)
	return []pretext.View{{Role: pretext.Predict, Data: data, Target: target, Span: clip.Span}}, err
}

// flat is an encoder: the mean of every channel at every time.
var flat = encoder.Entry{
	Name: "flat", Doc: "channel means over space",
	Features: func(encoder.Config) int { return 4 },
	Build: func(s nn.Scope, x *gorgonia.Node, _ encoder.Config) *gorgonia.Node {
		size := x.Shape()[3:]
		return nn.GlobalMean(nn.Conv(s.Sub("conv"), x, nn.ConvConfig{
			Out: 4, Kernel: []int{2, size[0], size[1]}, Stride: []int{1, 1, 1}, Pad: []int{0, 0, 0},
		}))
	},
}

// logistic is a method: one linear layer from features to two targets.
type logistic struct {
	env           *methods.Env
	clips, target *gorgonia.Node
	last          []int32
}

func (m *logistic) Build(env *methods.Env) (*methods.Graph, error) {
	m.env = env
	g := gorgonia.NewGraph()
	s := nn.NewScope(g, env.Store, env.Seed)
	c := env.Clip
	m.clips = nn.Input(g, "clips", device.Float32, env.N, c[0], c[1], c[2], c[3])
	m.target = nn.Input(g, "target", device.Int32, env.N)
	logits := nn.Linear(s.Sub("fc"), env.Encoder.Build(s.Sub("encoder"), m.clips, env.EncoderConfig), 2, true)
	loss := op.CrossEntropy(logits, m.target)
	return &methods.Graph{Loss: loss, Params: s.Params(), Terms: []methods.Term{{
		Name: "backwards", Weight: 1, Loss: loss, Logits: logits, Targets: func() []int32 { return m.last }, Choices: 2,
	}}}, env.Store.Err()
}

func (m *logistic) Feed(b *methods.Batch, bind methods.Bind) error {
	m.last = b.Targets[0]
	if err := bind(m.clips, b.Clips); err != nil {
		return err
	}
	return bind(m.target, b.Targets[0])
}

func (m *logistic) AfterStep() error       { return nil }
func (m *logistic) State() []methods.State { return nil }
func (m *logistic) Close() error           { return nil }

type lastAccuracy struct{ value float64 }

func (a *lastAccuracy) Start(int, int) {}
func (a *lastAccuracy) Step(m train.Metrics) {
	a.value += .1 * (m.Terms["backwards"].Accuracy - a.value)
}
func (a *lastAccuracy) Warn(string) {}

func TestRecipes(t *testing.T) {
	tasks := pretext.Builtin().With(pretext.Entry{
		Name: "backwards", Doc: "is the clip played backwards?",
		New: func(_ any, env pretext.Env) (pretext.Task, error) { return backwards{env.Clip}, nil },
	})
	encoders := encoder.Builtin().With(flat)
	known := methods.Builtin().With(methods.Entry{Name: "logistic", New: func(any) (methods.Method, error) { return &logistic{}, nil }})

	clip := media.ClipConfig{Frames: 3, Stride: 1, Size: 8, Input: media.InputDiff}
	task, err := pretext.NewTask(tasks, "backwards", nil, pretext.Env{Clip: clip, Augment: media.NoAugment()})
	if err != nil {
		t.Fatal(err)
	}
	entry, err := encoders.Lookup("encoder", "flat")
	if err != nil {
		t.Fatal(err)
	}
	method, err := known.Lookup("method", "logistic")
	if err != nil {
		t.Fatal(err)
	}
	m, err := method.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	be, err := cpu.Open(cpu.Options{Threads: 1, Library: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer be.Close()
	decoder := &mediatest.Decoder{Movies: map[string]mediatest.Movie{}}
	var items []train.Item
	for i := range 8 { // every video becomes brighter; backwards it becomes darker
		path := fmt.Sprint("video", i)
		decoder.Movies[path] = mediatest.Movie{Frames: 9, W: 16, H: 16, Paint: func(t, x, y int) [3]byte {
			return [3]byte{byte(20*t + i), byte(20*t + x), byte(20*t + y)}
		}}
		items = append(items, train.Item{Path: path, Name: path, Class: -1})
	}
	parts := []pretext.Part{{Name: "backwards", Weight: 1, Task: task}}
	watch := &lastAccuracy{}
	optimizer := optim.Default()
	optimizer.LR = .03
	_, err = train.Run(t.Context(), train.Setup{
		Options: train.Options{Steps: 60, Workers: 2, CheckpointEvery: 100, WatchEvery: 100},
		Env:     &methods.Env{Parts: parts, N: 8, Clip: clip.Shape(), Encoder: entry, Store: nn.NewStore(device.Float32), Backend: be},
		Method:  m, Source: &train.Source{Items: items, Parts: parts, Decoder: decoder}, Optim: optimizer, Observer: watch,
	})
	if err != nil {
		t.Fatal(err)
	}
	if watch.value < .9 {
		t.Errorf("accuracy %.2f after 60 steps on an easy task, want at least .9", watch.value)
	}
}
