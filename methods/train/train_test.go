package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/device/cpu"
	"github.com/clvid/clvid/nn/encoder"
	"github.com/clvid/clvid/nn/optim"
	"github.com/clvid/clvid/pretext"
)

// tinyEncoder draws at random as it trains, so that a resumed run must go on
// with the same draws.
var tinyEncoder = encoder.Entry{
	Name: "tiny", Features: func(encoder.Config) int { return 8 },
	Build: func(s nn.Scope, x *gorgonia.Node, _ encoder.Config) *gorgonia.Node {
		x = nn.Conv(s.Sub("conv"), x, nn.ConvConfig{Out: 8, Kernel: []int{1, 3, 3}, Stride: []int{1, 2, 2}, Pad: []int{0, 1, 1}})
		return nn.Dropout(s, nn.GlobalMean(nn.ReLU(nn.BatchNorm(s.Sub("bn"), x))), .1)
	},
}

// movies paints n videos of different colours, with motion.
func movies(n int) (*mediatest.Decoder, []Item) {
	d := &mediatest.Decoder{Movies: map[string]mediatest.Movie{}}
	var items []Item
	for i := range n {
		path := fmt.Sprintf("video%02d", i)
		d.Movies[path] = mediatest.Movie{Frames: 12, W: 16, H: 16, Paint: func(t, x, y int) [3]byte {
			return [3]byte{byte(20 * i), byte(10*t + 5*x), byte(200 - 11*i + y)}
		}}
		items = append(items, Item{Path: path, Name: path, Class: -1})
	}
	return d, items
}

// recorder keeps what a run tells.
type recorder struct {
	losses   []float64
	warnings []string
	after    func(step int)
}

func (r *recorder) Start(int, int) {}
func (r *recorder) Step(m Metrics) {
	r.losses = append(r.losses, m.Loss)
	if r.after != nil {
		r.after(m.Step)
	}
}
func (r *recorder) Warn(s string) { r.warnings = append(r.warnings, s) }

// badFiles records what is set aside; past limit it is an error.
type badFiles struct {
	names  []string
	inPart []string // files that stay in use
	limit  int
}

func (b *badFiles) Add(f media.Bad) error {
	if f.InPart {
		b.inPart = append(b.inPart, f.Path)
		return nil
	}
	if !slices.Contains(b.names, f.Path) {
		b.names = append(b.names, f.Path)
	}
	if len(b.names) > b.limit {
		return errors.New("too many bad files")
	}
	return nil
}

type variant struct {
	method  string
	workers int
	dir     string
	resume  bool
	decoder *mediatest.Decoder
	items   []Item
	watch   *recorder
	bad     *badFiles
	mark    string
	batches int // of 2 videos in a step; 0: one of 4
}

func setup(t *testing.T, v variant) Setup {
	t.Helper()
	clip := media.ClipConfig{Frames: 4, Stride: 1, Size: 8, Input: media.InputDiff}
	task, err := pretext.NewTask(pretext.Builtin(), "clip-pairs", nil, pretext.Env{Clip: clip, Augment: media.DefaultAugment()})
	if err != nil {
		t.Fatal(err)
	}
	parts := []pretext.Part{{Name: "clip-pairs", Weight: 1, Task: task}}
	entry, err := methods.Builtin().Lookup("method", v.method)
	if err != nil {
		t.Fatal(err)
	}
	cfg := entry.Config()
	if m, ok := cfg.(*methods.MoCoConfig); ok {
		m.QueueSize = 10
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
	s := Setup{
		Options: Options{Steps: 14, Workers: max(v.workers, 1), CheckpointEvery: 3, WatchEvery: 2},
		Env: &methods.Env{Parts: parts, N: 4, Clip: clip.Shape(), Encoder: tinyEncoder, Seed: 5,
			Projector: methods.Projector{Hidden: 8, Out: 6, Layers: 2}, Store: nn.NewStore(device.Float32), Backend: be},
		Method: method, Source: &Source{Items: v.items, Parts: parts, Decoder: v.decoder, Seed: 5},
		Optim: optim.Default(), Dir: v.dir, Resume: v.resume, Fingerprint: Fingerprint{Data: v.mark},
	}
	if v.batches > 0 {
		s.Env.N, s.Optim.Accumulate = 2, v.batches
	}
	if v.watch != nil {
		s.Observer = v.watch
	}
	if v.bad != nil {
		s.Bad = v.bad
	}
	return s
}

func weights(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, WeightsFile))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWorkersDoNotChangeTheResult(t *testing.T) {
	decoder, items := movies(10)
	var first []byte
	for _, workers := range []int{1, 4} {
		dir := t.TempDir()
		if _, err := Run(t.Context(), setup(t, variant{method: "simclr", workers: workers, dir: dir, decoder: decoder, items: items})); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = weights(t, dir)
		} else if !bytes.Equal(first, weights(t, dir)) {
			t.Error("4 workers gave other weights than 1")
		}
	}
}

// TestResumeAfterAnyStep interrupts after every step, in turn, and resumes.
func TestResumeAfterAnyStep(t *testing.T) {
	decoder, items := movies(10)
	for _, tc := range []struct {
		method  string
		batches int
	}{{"simclr", 0}, {"moco-v2", 0}, {"simclr", 2}, {"moco-v2", 2}} {
		method, batches := tc.method, tc.batches
		whole := t.TempDir()
		if _, err := Run(t.Context(), setup(t, variant{method: method, batches: batches, dir: whole, decoder: decoder, items: items})); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for step := 1; step < 14; step++ {
			ctx, cancel := context.WithCancel(t.Context())
			watch := &recorder{after: func(int) { cancel() }}
			_, err := Run(ctx, setup(t, variant{method: method, batches: batches, dir: dir, resume: step > 1, decoder: decoder, items: items, watch: watch}))
			if err != nil && !errors.Is(err, ErrInterrupted) {
				t.Fatalf("%s: step %d: %v", method, step, err)
			}
		}
		if _, err := Run(t.Context(), setup(t, variant{method: method, batches: batches, dir: dir, resume: true, decoder: decoder, items: items})); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(weights(t, whole), weights(t, dir)) {
			t.Errorf("%s: a run interrupted after every step ends with other weights", method)
		}
		if a, b := steps(t, whole), steps(t, dir); !slices.Equal(a, b) {
			t.Errorf("%s: metrics have steps %v, want %v", method, b, a)
		}
	}
}

// steps lists the lines of a run's metrics without the measured times.
func steps(t *testing.T, dir string) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, MetricsFile))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		before, _, _ := strings.Cut(line, `"seconds"`)
		out = append(out, before)
	}
	return out
}

// TestResumeFromStaleState resumes from a state that lies behind weights and
// metrics, as a kill leaves it.
func TestResumeFromStaleState(t *testing.T) {
	decoder, items := movies(10)
	dir := t.TempDir()
	var stale []byte
	watch := &recorder{after: func(step int) {
		if step == 8 { // the state of step 6 is on disk
			stale, _ = os.ReadFile(filepath.Join(dir, StateFile))
		}
	}}
	if _, err := Run(t.Context(), setup(t, variant{method: "simclr", dir: dir, decoder: decoder, items: items, watch: watch})); err != nil {
		t.Fatal(err)
	}
	want, wantSteps := weights(t, dir), steps(t, dir)
	if err := os.WriteFile(filepath.Join(dir, StateFile), stale, 0o644); err != nil {
		t.Fatal(err)
	}
	again := &recorder{}
	if _, err := Run(t.Context(), setup(t, variant{method: "simclr", dir: dir, resume: true, decoder: decoder, items: items, watch: again})); err != nil {
		t.Fatal(err)
	}
	if len(again.losses) != 8 {
		t.Errorf("resumed for %d steps, want 8: the state was of step 6 of 14", len(again.losses))
	}
	if !bytes.Equal(want, weights(t, dir)) || !slices.Equal(wantSteps, steps(t, dir)) {
		t.Error("resuming from an older state ended elsewhere")
	}
}

// TestKillBetweenStateAndWeights finds weights behind the state, or none, also
// where the run is finished.
func TestKillBetweenStateAndWeights(t *testing.T) {
	decoder, items := movies(10)
	dir := t.TempDir()
	var older []byte
	watch := &recorder{after: func(step int) {
		if step == 8 {
			older, _ = os.ReadFile(filepath.Join(dir, WeightsFile))
		}
	}}
	if _, err := Run(t.Context(), setup(t, variant{method: "simclr", dir: dir, decoder: decoder, items: items, watch: watch})); err != nil {
		t.Fatal(err)
	}
	want := weights(t, dir)
	for _, left := range [][]byte{older, nil} {
		if err := os.WriteFile(filepath.Join(dir, WeightsFile), left, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), setup(t, variant{method: "simclr", dir: dir, resume: true, decoder: decoder, items: items})); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, weights(t, dir)) {
			t.Error("the weights were not mended from the state")
		}
	}
}

func TestBadFilesAreReplaced(t *testing.T) {
	var first []byte
	for _, workers := range []int{1, 4} {
		decoder, items := movies(10)
		broken := decoder.Movies["video03"]
		broken.Open = errors.New("broken")
		decoder.Movies["video03"] = broken
		dir, bad := t.TempDir(), &badFiles{limit: 1}
		if _, err := Run(t.Context(), setup(t, variant{method: "simclr", workers: workers, dir: dir, decoder: decoder, items: items, bad: bad})); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(bad.names, []string{"video03"}) {
			t.Errorf("set aside %v, want video03", bad.names)
		}
		if first == nil {
			first = weights(t, dir)
		} else if !bytes.Equal(first, weights(t, dir)) {
			t.Error("replacements depend on the number of workers")
		}
	}
}

func TestTooManyBadFilesEndTheRun(t *testing.T) {
	decoder, items := movies(10)
	for _, item := range items[2:] {
		m := decoder.Movies[item.Path]
		m.Open = errors.New("broken")
		decoder.Movies[item.Path] = m
	}
	_, err := Run(t.Context(), setup(t, variant{method: "simclr", decoder: decoder, items: items, bad: &badFiles{limit: 2}}))
	if err == nil || !strings.Contains(err.Error(), "too many bad files") {
		t.Errorf("error %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	decoder, items := movies(10)
	t.Run("batch above videos", func(t *testing.T) {
		_, err := Run(t.Context(), setup(t, variant{method: "simclr", decoder: decoder, items: items[:3]}))
		if err == nil || !strings.Contains(err.Error(), "lower --batch to at most 3") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("state of other data", func(t *testing.T) {
		dir := t.TempDir()
		if _, err := Run(t.Context(), setup(t, variant{method: "simclr", dir: dir, decoder: decoder, items: items, mark: "a"})); err != nil {
			t.Fatal(err)
		}
		_, err := Run(t.Context(), setup(t, variant{method: "simclr", dir: dir, resume: true, decoder: decoder, items: items, mark: "b"}))
		if err == nil || !strings.Contains(err.Error(), "other data") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("loss not finite", func(t *testing.T) {
		s := setup(t, variant{method: "simclr", decoder: decoder, items: items})
		s.Optim.Name, s.Optim.LR, s.Optim.WarmupSteps = "sgd", 1e12, 0
		_, err := Run(t.Context(), s)
		if err == nil || !strings.Contains(err.Error(), "lower optimizer.lr") {
			t.Errorf("error %v", err)
		}
	})
}

func TestTailMean(t *testing.T) {
	tl := newTail(3)
	for _, v := range []float64{9, 1, 2, 3} {
		tl.add(v)
	}
	if got := tl.mean(); got != 2 {
		t.Errorf("mean of the last three is %v, want 2", got)
	}
}
