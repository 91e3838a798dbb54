package configs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// toyMethod and toyTask stand for the settings of a method and of a task.
type toyMethod struct {
	Temperature float64       `yaml:"temperature"`
	Every       time.Duration `yaml:"every"`
	Sizes       []int         `yaml:"sizes"`
	Range       [2]float64    `yaml:"range"`
	Names       []string      `yaml:"names"`
	Inner       struct {
		Deep bool `yaml:"deep"`
	} `yaml:"inner"`
}

func (m *toyMethod) Validate() error {
	if m.Temperature <= 0 {
		return fmt.Errorf("simclr.temperature is %g, want more than 0", m.Temperature)
	}
	return nil
}

func toySections() Sections {
	return Sections{
		"simclr": func() any { return &toyMethod{Temperature: .5, Every: time.Second, Sizes: []int{1, 2}} },
		"clip":   func() any { return &toyMethod{Temperature: .07} },
	}
}

// load writes file, where there is one, and loads it with the rest.
func load(t *testing.T, file string, src Source) (*Config, error) {
	t.Helper()
	if file != "" {
		t.Chdir(t.TempDir())
		src.File = "my.yaml"
		if err := os.WriteFile(src.File, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	src.Sections = toySections()
	return Load(src)
}

func TestStrongerSourceWins(t *testing.T) {
	file := "batch: 7\nmedia: {stride: 5, frames: 9}\nsimclr: {temperature: 0.3}\n"
	c, err := load(t, file, Source{
		Preset: "weizmann",
		Env:    []string{"CLVID_MEDIA_FRAMES=10", "CLVID_SEED=3", "PATH=/bin", "CLVID_SHARED=x", "CLVID_GOLDEN=x", "CLVID_ONEDNN=x", "CLVID_CACHE=x"},
		Set:    []string{"seed=4", "simclr.inner.deep=true"},
		Flags:  map[string]any{"workers": 2, "where": map[string]string{"Subject.A": "Ira"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.LogEvery, c.Clip.Size, c.Steps, c.Batch, c.Clip.Stride, c.Clip.Frames, c.Seed, c.Workers,
		c.Sections["simclr"].(*toyMethod).Temperature, c.Sections["simclr"].(*toyMethod).Inner.Deep, c.Where}
	want := []any{10, 64, 150, 7, 5, 10, uint64(4), 2, .3, true, map[string]string{"Subject.A": "Ira"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("default, preset, preset, file, file, environment, --set, flag, file, --set, flag: -want +got\n%s", diff)
	}
}

// TestViperTraps holds what viper alone would get wrong: it lowers the case of
// keys, in maps too, splits keys at dots and has no lists in the environment.
func TestViperTraps(t *testing.T) {
	c, err := load(t, "where: {Subject: Ira, a.b: 3, subject: other}\nsplit: train\n", Source{
		Env: []string{"CLVID_SIMCLR_SIZES=3, 4", "CLVID_SIMCLR_RANGE=[0.5,1]", "CLVID_SIMCLR_NAMES=a,B c", "CLVID_CLIP_SIZES="},
		Set: []string{"where.Take.2=x=y"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"Subject": "Ira", "a.b": "3", "subject": "other", "Take.2": "x=y"}, c.Where); diff != "" {
		t.Errorf("where: -want +got\n%s", diff)
	}
	m, empty := c.Sections["simclr"].(*toyMethod), c.Sections["clip"].(*toyMethod)
	if diff := cmp.Diff([]any{[]string{"train"}, []int{3, 4}, [2]float64{.5, 1}, []string{"a", "B c"}, []int{}},
		[]any{c.Split, m.Sizes, m.Range, m.Names, empty.Sizes}); diff != "" {
		t.Errorf("lists: -want +got\n%s", diff)
	}
}

func TestWhereForms(t *testing.T) {
	for _, src := range []Source{
		{Env: []string{"CLVID_WHERE=subject=ira, view=front"}},
		{Set: []string{"where={subject: ira, view: front}"}},
		{Set: []string{"where.subject=ira", "where.view=front"}},
		{Env: []string{"CLVID_WHERE=subject=ira,view=back"}, Set: []string{"where.view=front"}},
		{Flags: map[string]any{"where": map[string]string{"subject": "ira"}}, Set: []string{"where.view=front"}},
	} {
		c, err := load(t, "", src)
		if err != nil {
			t.Errorf("%+v: %v", src, err)
			continue
		}
		if diff := cmp.Diff(map[string]string{"subject": "ira", "view": "front"}, c.Where); diff != "" {
			t.Errorf("%+v: -want +got\n%s", src, diff)
		}
	}
}

func TestEpochsAndSteps(t *testing.T) {
	for _, tc := range []struct {
		name          string
		file          string
		src           Source
		epochs, steps int
	}{
		{"neither", "", Source{}, 0, 200},
		{"epochs above the default", "epochs: 3", Source{}, 3, 0},
		{"epochs above a preset", "epochs: 3", Source{Preset: "weizmann"}, 3, 0},
		{"steps by flag above epochs in a file", "epochs: 3", Source{Flags: map[string]any{"steps": 9}}, 0, 9},
		{"epochs by environment above steps in a file", "steps: 3", Source{Env: []string{"CLVID_EPOCHS=2"}}, 2, 0},
		{"steps by --set above epochs by environment", "", Source{Env: []string{"CLVID_EPOCHS=2"}, Set: []string{"steps=5"}}, 0, 5},
		{"0 sets nothing", "steps: 0\nepochs: 4", Source{}, 4, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := load(t, tc.file, tc.src)
			if err != nil {
				t.Fatal(err)
			}
			if c.Epochs != tc.epochs || c.Steps != tc.steps {
				t.Errorf("epochs %d, steps %d, want %d, %d", c.Epochs, c.Steps, tc.epochs, tc.steps)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		file string
		src  Source
		want string
	}{
		// Unknown keys.
		{"media:\n  frmaes: 8", Source{}, `configs: my.yaml:2: unknown key media.frmaes (did you mean "media.frames"?)`},
		{"Steps: 8", Source{}, `configs: my.yaml:1: unknown key Steps (did you mean "steps"?)`},
		{"frames: 8", Source{}, `configs: my.yaml:1: unknown key frames (did you mean "media.frames"?)`},
		{"temprature: 8", Source{}, `configs: my.yaml:1: unknown key temprature (did you mean "clip.temperature"?)`},
		{"medai: {size: 8}", Source{}, `configs: my.yaml:1: unknown key medai (did you mean "media"?)`},
		{"qqqqqqqqqq: 8", Source{}, "configs: my.yaml:1: unknown key qqqqqqqqqq: `clvid config` lists them all"},
		{"media.frames: 8", Source{}, `configs: my.yaml:1: key "media.frames" holds a dot: write the part after it on a line of its own, indented`},
		{"", Source{Set: []string{"media.frame=8"}}, `configs: --set: unknown key media.frame (did you mean "media.frames"?)`},
		{"", Source{Flags: map[string]any{"checkpoint_evry": 8}}, `configs: --checkpoint-evry: unknown key checkpoint_evry (did you mean "checkpoint_every"?)`},
		{"", Source{Env: []string{"CLVID_MEDIA_FRAME=8"}}, `configs: CLVID_MEDIA_FRAME: names no setting (did you mean "CLVID_MEDIA_FRAMES"?)`},
		{"", Source{Env: []string{"CLVID_FRAMES=8"}}, `configs: CLVID_FRAMES: names no setting (did you mean "CLVID_MEDIA_FRAMES"?)`},
		// Wrong types.
		{"media:\n  frames: eight", Source{}, `configs: my.yaml:2: media.frames is "eight", want a whole number`},
		{"steps: 1.5", Source{}, `configs: my.yaml:1: steps is "1.5", want a whole number`},
		{"steps: '3'", Source{}, `configs: my.yaml:1: steps is "3", want a whole number`},
		{"steps: 99999999999999999999", Source{}, `configs: my.yaml:1: steps is "99999999999999999999", want a whole number`},
		{"seed: -1", Source{}, `configs: my.yaml:1: seed is "-1", want a whole number of at least 0`},
		{"steps:", Source{}, `configs: my.yaml:1: steps has no value, want a whole number`},
		{"steps: [1]", Source{}, `configs: my.yaml:1: steps is a list, want a whole number`},
		{"method: 5", Source{}, `configs: my.yaml:1: method is "5", want text (in quotes where it looks like a number)`},
		{"media: 5", Source{}, `configs: my.yaml:1: media is "5", want a section with keys frame_rate, frames, input, sampler, short, size, stride`},
		{"max_bad: .nan", Source{}, `configs: my.yaml:1: max_bad is ".nan", want a finite number`},
		{"max_bad: ten", Source{}, `configs: my.yaml:1: max_bad is "ten", want a number`},
		{"decode: {strict: 1}", Source{}, `configs: my.yaml:1: decode.strict is "1", want true or false`},
		{"decode: {timeout: 5}", Source{}, `configs: my.yaml:1: decode.timeout is "5", want a duration such as 30s or 2m`},
		{"simclr: {range: [1]}", Source{}, `configs: my.yaml:1: simclr.range has 1 values, want 2`},
		{"simclr: {sizes: [1, x]}", Source{}, `configs: my.yaml:1: simclr.sizes at position 2 is "x", want a whole number`},
		{"simclr: {sizes: 1}", Source{}, `configs: my.yaml:1: simclr.sizes is "1", want a list, each a whole number`},
		{"where: subject", Source{}, `configs: my.yaml:1: where is "subject", want a map of key: value`},
		{"where: {a: 1, a: 2}", Source{}, `configs: my.yaml:1: where holds key "a" twice`},
		{"where: {a: [1]}", Source{}, `configs: my.yaml:1: where at key "a" is a list, want text (in quotes where it looks like a number)`},
		{"", Source{Set: []string{"steps=many"}}, `configs: --set: steps is "many", want a whole number`},
		{"", Source{Set: []string{"steps="}}, `configs: --set: steps has no value, want a whole number`},
		{"", Source{Set: []string{"simclr.sizes=[1"}}, `configs: --set: simclr.sizes is "[1", want a list, each a whole number`},
		{"", Source{Env: []string{"CLVID_STEPS=many"}}, `configs: CLVID_STEPS: steps is "many", want a whole number`},
		{"", Source{Env: []string{"CLVID_WHERE=subject"}}, `configs: CLVID_WHERE: where is "subject", want key=value pairs with commas between them`},
		{"", Source{Flags: map[string]any{"steps": "many"}}, `configs: --steps: steps is "many", want a whole number`},
		// Form.
		{"", Source{Set: []string{"steps"}}, `configs: --set steps: want key=value, such as --set media.frames=16`},
		{"", Source{Set: []string{"media=3"}}, `configs: --set: media is a section, want one of its keys: frame_rate, frames, input, sampler, short, size, stride`},
		{"steps: 1\nsteps: 2", Source{}, `configs: my.yaml:2: steps is set twice, first in line 1`},
		{"- 1", Source{}, "configs: my.yaml:1: want `key: value` lines"},
		{"steps: 1\n---\nsteps: 2", Source{}, `configs: my.yaml: holds more than one document: keep the first`},
		{"a: [", Source{}, `configs: my.yaml: line 1: did not find expected node content`},
		// Conflicts and ranges.
		{"steps: 1\nepochs: 2", Source{}, `configs: epochs (my.yaml:2) and steps (my.yaml:1) exclude each other: keep one`},
		{"", Source{Set: []string{"epochs=2"}, Flags: map[string]any{"steps": 3}}, `configs: epochs (--set) and steps (--steps) exclude each other: keep one`},
		{"", Source{Set: []string{"seed=2"}, Flags: map[string]any{"seed": 3}}, `configs: seed is 3 by --seed and 2 by --set: keep one`},
		{"steps: -1", Source{}, `configs: steps is -1 and epochs is 0, want at least 1 of one of them`},
		{"batch: 0", Source{}, `configs: batch is 0 videos, want at least 1 (contrast needs 2)`},
		{"check: maybe", Source{}, `configs: check is "maybe", want auto, full or index`},
		{"max_bad: 10", Source{}, `configs: max_bad is 10, want a share of the files from 0 to 1`},
		{"workers: -1", Source{}, `configs: workers is -1 and threads is 0, want 0 (one for each core) or more`},
		{"checkpoint_every: 0", Source{}, `configs: checkpoint_every is 0 and log_every is 10 steps, want at least 1`},
		{"simclr: {temperature: 0}", Source{}, `configs: simclr.temperature is 0, want more than 0`},
		{"eval: {clips: 0}", Source{}, `configs: eval: clips is 0, batch 32, draws 10: want at least 1 each`},
		{"eval: {knn_k: 0}", Source{}, `configs: eval.knn_k is 0, want at least 1`},
		{"eval: {knn_temperature: 0.001}", Source{}, `configs: eval.knn_temperature is 0.001, want at least 0.0015`},
		{"eval: {linear_c: 0}", Source{}, `configs: eval.linear_c is 0, want a number above 0`},
		// Presets and files.
		{"", Source{Preset: "synt"}, `configs: unknown preset "synt" (did you mean "synth"?): want one of asl, synth, synth-text, weizmann, or the path of a file`},
		{"", Source{File: "none.yaml"}, `configs: open none.yaml: no such file or directory: want a file, or one of the presets asl, synth, synth-text, weizmann`},
	} {
		t.Run(tc.want, func(t *testing.T) {
			_, err := load(t, tc.file, tc.src)
			if err == nil || err.Error() != tc.want {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

// TestMistakesStayErrors: a stronger source does not hide a mistake.
func TestMistakesStayErrors(t *testing.T) {
	if _, err := load(t, "steps: many", Source{Flags: map[string]any{"steps": 3}}); err == nil {
		t.Error("a value of the wrong type passed because a flag overrides it")
	}
}

func TestAmbiguousVariable(t *testing.T) {
	type a struct {
		BC int `yaml:"b_c"`
	}
	type b struct {
		C int `yaml:"c"`
	}
	_, err := Load(Source{Env: []string{"CLVID_A_B_C=1"}, Sections: Sections{"a": func() any { return &a{} }, "a_b": func() any { return &b{} }}})
	want := "configs: CLVID_A_B_C: may mean a.b_c or a_b.c: use --set or a file"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestBadSections(t *testing.T) {
	for want, sections := range map[string]Sections{
		`configs: key "Big": want lower_snake_case`:                             {"Big": func() any { return &toyMethod{} }},
		`configs: key "media" is taken twice`:                                   {"media": func() any { return &toyMethod{} }},
		`configs: section x is a configs.toyMethod, want a pointer to a struct`: {"x": func() any { return toyMethod{} }},
	} {
		if _, err := Load(Source{Sections: sections}); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

// Explanations are comments: what is read back is the same.
func TestExplained(t *testing.T) {
	c, err := load(t, "where: {Subject: '7'}\nsplit: [train]", Source{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.Explained()
	if err != nil {
		t.Fatal(err)
	}
	again, err := load(t, string(data), Source{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	plain, err := c.YAML()
	other, too := again.YAML()
	if err != nil || too != nil || string(plain) != string(other) {
		t.Errorf("read back: %v, %v\n%s\n%s", err, too, plain, other)
	}
	for _, want := range []string{"seed: 0 # from which", "media: # the clips\n", "where: # column: value", "  size: 48 # height", "out: \"\" # folder"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %q in\n%s", want, data)
		}
	}
}

// A mistake of the command line is told from one in a file, also where it is a
// range that is checked at the end.
func TestFlagErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		src  Source
		want bool
	}{
		"--set of no key":           {"", Source{Set: []string{"batches=3"}}, true},
		"--set out of range":        {"", Source{Set: []string{"batch=0"}}, true},
		"a flag out of range":       {"", Source{Flags: map[string]any{"batch": 0}}, true},
		"a file":                    {"batch: 0", Source{}, false},
		"a file, beside a flag":     {"batch: 0", Source{Set: []string{"seed=1"}}, false},
		"a file that a flag mends":  {"batch: 0", Source{Set: []string{"batch=4", "seed=x"}}, false},
		"a flag against the preset": {"", Source{Preset: "weizmann", Set: []string{"optimizer.lr=-1"}}, true},
	} {
		_, err := load(t, tc.file, tc.src)
		if flag := errors.As(err, new(*FlagError)); err == nil || flag != tc.want {
			t.Errorf("%s: %v, a mistake of flags: %v, want %v", name, err, flag, tc.want)
		}
	}
}

func TestGiven(t *testing.T) {
	c, err := load(t, "batch: 3", Source{Preset: "weizmann", Set: []string{"seed=4"}, Env: []string{"CLVID_STEPS=7"}})
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][2]bool{"batch": {true, false}, "seed": {true, true}, "steps": {true, true}, "task": {true, false}, "out": {false, false}} {
		if here, given := c.Given[key]; given != want[0] || here != want[1] {
			t.Errorf("%s: given %v, on the command line %v, want %v", key, given, here, want)
		}
	}
}

func TestYAMLRoundTrip(t *testing.T) {
	c, err := load(t, "epochs: 3\nsplit: [train, test]\nwhere: {Subject: '7'}\ndecode: {timeout: 90s}\nmax_bad: 0.30000000000000004", Source{Preset: "asl"})
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.YAML()
	if err != nil {
		t.Fatal(err)
	}
	again, err := load(t, string(data), Source{})
	if err != nil {
		t.Fatalf("%v\n%s", err, data)
	}
	again.Given = c.Given // other sources give the same
	if diff := cmp.Diff(c, again); diff != "" {
		t.Errorf("read back: -want +got\n%s", diff)
	}
	second, err := again.YAML()
	if err != nil || string(second) != string(data) {
		t.Errorf("not written alike twice: %v\n%s\n%s", err, data, second)
	}
	for _, want := range []string{"timeout: 1m30s", "Subject: \"7\"", "epochs: 3"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("no %q in\n%s", want, data)
		}
	}
	if strings.Contains(string(data), "\nsteps:") {
		t.Errorf("epochs are in force, but steps is written too:\n%s", data)
	}
}

func TestPresets(t *testing.T) {
	if len(Presets()) < 4 {
		t.Fatalf("only %v", Presets())
	}
	for _, p := range Presets() {
		if p.Doc == "" || strings.HasPrefix(p.Doc, "clvid ") {
			t.Errorf("preset %s: the first line says nothing: %q", p.Name, p.Doc)
		}
		if _, err := load(t, "", Source{Preset: p.Name}); err != nil {
			t.Errorf("preset %s: %v", p.Name, err)
		}
	}
}

func TestUse(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("mine", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]Source{
		"weizmann":                  {Preset: "weizmann"},
		"mine":                      {File: "mine"},
		"absent.yaml":               {File: "absent.yaml"}, // Load says that it is absent
		filepath.Join("dir", "any"): {File: filepath.Join("dir", "any")},
	} {
		var got Source
		if err := got.Use(arg); err != nil {
			t.Errorf("%s: %v", arg, err)
		}
		if got.Preset != want.Preset || got.File != want.File {
			t.Errorf("%s: %+v", arg, got)
		}
	}
	if err := new(Source).Use("weizman"); err == nil || !strings.Contains(err.Error(), `did you mean "weizmann"?`) {
		t.Errorf("weizman: %v", err)
	}
}
