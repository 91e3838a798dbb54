package pretext_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
	"github.com/clvid/clvid/pretext"
)

// env is a small setting with every role of view and change of pixels.
func env(input string) pretext.Env {
	a := media.DefaultAugment()
	a.Flip, a.BlurProb, a.Solarise = .5, .3, .3
	return pretext.Env{Clip: media.ClipConfig{Frames: 8, Stride: 2, Size: 16, Input: input}, Augment: a, Classes: 5}
}

// open returns a movie whose frame t is grey level 8t.
func open(t *testing.T, frames int) media.Video {
	t.Helper()
	dec := &mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": {Frames: frames, Paint: func(t, x, y int) [3]byte {
		return [3]byte{byte(8 * t), byte(8 * t), byte(8 * t)}
	}}}}
	v, err := dec.Open(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var labelled = pretext.Video{Name: "m", Class: 3, Caption: "a thing moves"}

func draw(t *testing.T, seed uint64, frames int, task pretext.Task) []pretext.View {
	t.Helper()
	parts := []pretext.Part{{Name: "task", Weight: 1, Task: task}}
	s, err := pretext.Draw(t.Context(), pretext.RNG(seed, 0, 0), open(t, frames), labelled, parts)
	if err != nil {
		t.Fatal(err)
	}
	return s.Views[0]
}

// Every task, of every input, on videos of every length, keeps to its Spec.
func TestTasks(t *testing.T) {
	for _, entry := range pretext.Builtin().With(toyEntry) {
		t.Run(entry.Name, func(t *testing.T) {
			for _, input := range media.Inputs() {
				task, err := pretext.NewTask(pretext.Builtin().With(toyEntry), entry.Name, nil, env(input))
				if err != nil {
					t.Fatal(err)
				}
				for _, frames := range []int{1, 7, 15, 16, 40} {
					keepsToSpec(t, task, env(input), frames)
				}
			}
		})
	}
}

func keepsToSpec(t *testing.T, task pretext.Task, e pretext.Env, frames int) {
	t.Helper()
	spec := task.Spec()
	views := draw(t, 1, frames, task)
	again := draw(t, 1, frames, task)
	if len(views) != len(spec.Roles) {
		t.Fatalf("%d views, want roles %v", len(views), spec.Roles)
	}
	for i, v := range views {
		if v.Role != spec.Roles[i] || len(v.Data) != e.Clip.Len() {
			t.Errorf("view %d: role %v of %d values, want %v of %d", i, v.Role, len(v.Data), spec.Roles[i], e.Clip.Len())
		}
		if predict := v.Role == pretext.Predict; predict && (v.Target < 0 || v.Target >= spec.Classes) || !predict && v.Target != -1 {
			t.Errorf("view %d: target %d of %d", i, v.Target, spec.Classes)
		}
		for _, x := range v.Data {
			if math.IsNaN(float64(x)) || math.Abs(float64(x)) > 10 { // differences of normalised values reach 8.9
				t.Fatalf("view %d holds %g", i, x)
			}
		}
		if !slices.Equal(v.Data, again[i].Data) || v.Target != again[i].Target {
			t.Errorf("view %d: same draws, other bits", i)
		}
	}
}

// A task from outside takes one file, its test and one line.
type toy struct{ env pretext.Env }

var toyEntry = pretext.Entry{Name: "backwards", Doc: "is the clip played backwards?",
	New: func(_ any, e pretext.Env) (pretext.Task, error) { return toy{e}, nil }}

func (toy) Spec() pretext.Spec {
	return pretext.Spec{Roles: []pretext.Role{pretext.Predict}, Classes: 2}
}

func (t toy) Spans(rng *rand.Rand, v pretext.Video) ([]media.Span, error) {
	s, err := t.env.Clip.TrainSpan(rng, v.Frames)
	return []media.Span{s}, err
}

func (t toy) Views(rng *rand.Rand, _ pretext.Video, clips []*media.Clip) ([]pretext.View, error) {
	clip := *clips[0]
	view := pretext.View{Role: pretext.Predict, Target: rng.IntN(2), Span: clip.Span}
	if view.Target == 1 {
		clip.Frames = slices.Clone(clip.Frames)
		slices.Reverse(clip.Frames)
	}
	var err error
	view.Data, err = media.RenderAugmented(rng, &clip, t.env.Clip, t.env.Augment)
	return []pretext.View{view}, err
}

func TestBuiltinIsSortedAndComplete(t *testing.T) {
	names := pretext.Builtin().Names()
	if !slices.IsSorted(names) {
		t.Errorf("names %v are not sorted", names)
	}
	sections := map[string]bool{}
	for _, e := range pretext.Builtin() {
		if e.Doc == "" || strings.Contains(e.Doc, "\n") || e.New == nil {
			t.Errorf("%s: want one line of doc and a constructor", e.Name)
		}
		if (e.Section == "") != (e.Config == nil) || sections[e.Section] && e.Section != "" {
			t.Errorf("%s: section %q does not go with its settings", e.Name, e.Section)
		}
		sections[e.Section] = true
	}
}

func TestNewTaskErrors(t *testing.T) {
	good := env(media.InputDiff)
	noLabels, noFrames, noCrop := good, good, good
	noLabels.Classes = 1
	noFrames.Clip.Frames = 0
	noCrop.Augment.CropMin = 0
	for _, tc := range []struct {
		name string
		cfg  any
		env  pretext.Env
		want string
	}{
		{"frame-orders", nil, good, `pretext: unknown pretext task "frame-orders" (did you mean "frame-order"?)`},
		{"clip-pairs", 5, good, "pretext: clip-pairs: settings are int, want *pretext.PairsConfig"},
		{"clip-pairs", &pretext.PairsConfig{}, good, "pairs.gap.power is 0"},
		{"frame-order", &pretext.PairsConfig{}, good, "settings are *pretext.PairsConfig, want *pretext.OrderConfig"},
		{"action-recognition", nil, noLabels, "the data set has 1 labels, want at least 2"},
		{"clip-pairs", nil, noFrames, "media.frames is 0"},
		{"clip-pairs", nil, noCrop, "augment.crop_min is 0"},
	} {
		task, err := pretext.NewTask(pretext.Builtin(), tc.name, tc.cfg, tc.env)
		if err == nil || task != nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("NewTask(%s) = %v, %v, want %q", tc.name, task, err, tc.want)
		}
	}
}

// One pass decodes the clips of all parts.
func TestDraw(t *testing.T) {
	dec := &mediatest.Decoder{Movies: map[string]mediatest.Movie{"m": {Frames: 30}, "bad": {Frames: 1, Damage: fmt.Errorf("corrupt")}, "none": {}}}
	var parts []pretext.Part
	for _, name := range []string{"clip-pairs", "frame-order"} {
		task, err := pretext.NewTask(pretext.Builtin(), name, nil, env(media.InputDiff))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, pretext.Part{Name: name, Weight: 1, Task: task})
	}
	sample := func(path string) (pretext.Sample, error) {
		v, err := dec.Open(context.Background(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		return pretext.Draw(t.Context(), pretext.RNG(2, 0, 0), v, pretext.Video{Name: path}, parts)
	}
	s, err := sample("m")
	if err != nil || len(s.Views) != 2 || len(s.Views[0]) != 2 || len(s.Views[1]) != 3 || s.Video.Frames != 30 {
		t.Errorf("sample of %d parts, %v", len(s.Views), err)
	}
	if n := dec.Passes.Load(); n != 1 {
		t.Errorf("%d passes over the video, want 1", n)
	}
	for path, want := range map[string]string{"none": "none: no frames", "bad": "corrupt"} {
		if _, err := sample(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
}
