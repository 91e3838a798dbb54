package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/clvid/clvid/configs"
)

// TestOnlyGivenFlagsCount: a flag left alone must not override a preset, a file
// or the environment by its zero value.
func TestOnlyGivenFlagsCount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(file, []byte("seed: 3\nworkers: 5\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CLVID_MEDIA_FRAMES", "12")
	t.Setenv("CLVID_WORKERS", "7")
	got := jsonOf[map[string]any](t, "config", "--json", "--config", "weizmann", "--config", file,
		"--steps", "9", "--where", "Subject=ira", "--where", "view=a.b", "--split", "train,val", "--set", "simclr.temperature=0.4")
	want := map[string]any{
		"steps": 9., "batch": 30., "seed": 3., "workers": 7.,
		"where": map[string]any{"Subject": "ira", "view": "a.b"}, "split": []any{"train", "val"},
	}
	for key, value := range want {
		if diff := cmp.Diff(value, got[key]); diff != "" {
			t.Errorf("%s: -want +got\n%s", key, diff)
		}
	}
	if frames := got["media"].(map[string]any)["frames"]; frames != 12. {
		t.Errorf("media.frames %v, want 12 of the environment", frames)
	}
	if x := got["simclr"].(map[string]any)["temperature"]; x != .4 {
		t.Errorf("simclr.temperature %v, want 0.4 of --set", x)
	}
}

// TestFlagsHavePaths: every flag that names a setting names one that exists.
func TestFlagsHavePaths(t *testing.T) {
	keys, err := configs.Keys(sections())
	if err != nil {
		t.Fatal(err)
	}
	cmd := newConfig()
	for flag, path := range flagPaths {
		if !slices.Contains(keys, path) {
			t.Errorf("--%s sets %s, which is no setting", flag, path)
		}
		if cmd.Flag(flag) == nil {
			t.Errorf("--%s has a path, but is no flag", flag)
		}
	}
}

// TestPresetsLoad: every preset holds with the real methods and tasks, and its
// YAML gives the same settings.
func TestPresetsLoad(t *testing.T) {
	for _, p := range configs.Presets() {
		yaml := mustRun(t, "config", "--config", p.Name)
		file := filepath.Join(t.TempDir(), "again.yaml")
		if err := os.WriteFile(file, []byte(yaml), 0o644); err != nil {
			t.Fatal(err)
		}
		if again := mustRun(t, "config", "--config", file); again != yaml {
			t.Errorf("preset %s, written and read back: %s", p.Name, cmp.Diff(yaml, again))
		}
	}
}

func TestLists(t *testing.T) {
	for kind, want := range map[string]string{"tasks": "frame-order", "methods": "moco-v2", "encoders": "r3d-18", "text-encoders": "bert-tiny", "presets": "weizmann"} {
		entries := jsonOf[[]listed](t, "list", kind, "--json")
		i := slices.IndexFunc(entries, func(e listed) bool { return e.Name == want })
		if i < 0 || entries[i].Doc == "" {
			t.Errorf("list %s --json: no documented %s in %v", kind, want, entries)
			continue
		}
		for line := range strings.Lines(mustRun(t, "list", kind)) {
			if strings.HasPrefix(line, want+" ") && strings.Contains(line, entries[i].Doc) {
				i = -1
			}
		}
		if i >= 0 {
			t.Errorf("list %s: no line with %s and its text", kind, want)
		}
	}
}

func TestCompletion(t *testing.T) {
	for flag, want := range map[string]string{"--config": "weizmann\t", "--task": "frame-order", "--method": "simclr", "--encoder": "r3d-10", "--set": "media.frames=", "--check": "full"} {
		if out := mustRun(t, "__complete", "config", flag, ""); !strings.Contains(out, want) {
			t.Errorf("completion of %s offers no %q:\n%s", flag, want, out)
		}
	}
	if out := mustRun(t, "__complete", "config", "--set", "moco."); strings.Contains(out, "media.") {
		t.Errorf("completion ignores what is typed:\n%s", out)
	}
}

// TestHelpIsAligned: cobra counts bytes, so that a value's name with other
// letters would push its line to the left.
func TestHelpIsAligned(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			name, _ := pflag.UnquoteUsage(f)
			for _, r := range name {
				if r > 126 {
					t.Errorf("%s: value %s of --%s", cmd.CommandPath(), name, f.Name)
				}
			}
		})
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}

// TestConfigExplains every setting.
func TestConfigExplains(t *testing.T) {
	sectionNames := sections()
	for line := range strings.Lines(mustRun(t, "config")) {
		key, _, _ := strings.Cut(strings.TrimSpace(line), ":")
		if _, section := sectionNames[key]; section || strings.HasPrefix(key, "#") || strings.HasPrefix(key, "- ") {
			continue
		}
		if !strings.Contains(line, " # ") {
			t.Errorf("no explanation: give its field a tag doc: %s", line)
		}
	}
}

// TestMistakesOfTheCommandLine end in status 2, those of files in 1.
func TestMistakesOfTheCommandLine(t *testing.T) {
	data, out := videos(t), filepath.Join(t.TempDir(), "run")
	file := filepath.Join(t.TempDir(), "mine.yaml")
	writeFile(t, file, "batch: 0\n")
	for _, tc := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"--set", "batch=0"}, exitUsage, "batch is 0"},
		{[]string{"--set", "nothing=1"}, exitUsage, "unknown key nothing"},
		{[]string{"--batch", "0"}, exitUsage, "batch is 0"},
		{[]string{"--split", "absent"}, exitUsage, `no split "absent"`},
		{[]string{"--where", "absent=1"}, exitUsage, `no column "absent"`},
		{[]string{"--config", file}, exitError, "batch is 0"},
		{[]string{"--batch", "13", "--set", "media.size=32"}, exitError, "a batch of 13 videos, but there are 12"},
	} {
		_, errs, status := clvid(t, append([]string{"pretrain", "--data", data, "--out", out, "--threads", "1"}, tc.args...)...)
		if status != tc.status || !strings.Contains(errs, tc.want) {
			t.Errorf("%v: status %d, want %d and %q: %s", tc.args, status, tc.status, tc.want, errs)
		}
		if exists(out) {
			t.Fatalf("%v left a folder", tc.args)
		}
	}
}

// TestDefaultsFit: the batch of default shrinks to the videos that there are,
// also in a run that goes on, and a task of one method takes it.
func TestDefaultsFit(t *testing.T) {
	data, out := videos(t), filepath.Join(t.TempDir(), "run")
	args := []string{"pretrain", "--config", "synth", "--task", "video-text", "--data", data, "--out", out, "--steps", "1", "--threads", "1",
		"--set", "media.size=32", "--set", "media.frames=4", "--set", "encoder_options.width=4"}
	_, errs, status := clvid(t, args...)
	if status != exitOK || !strings.Contains(errs, "batch of 12 instead of 48: there are no more videos") {
		t.Fatalf("status %d: %s", status, errs)
	}
	if settings := string(read(t, out, configFile)); !strings.Contains(settings, "batch: 12\n") || !strings.Contains(settings, "method: clip\n") {
		t.Errorf("settings:\n%s", settings)
	}
	if again := mustRun(t, append(args, "--resume")...); !strings.Contains(again, "is finished: 1 steps") {
		t.Errorf("resumed: %s", again)
	}
	if text := mustRun(t, "config", "--task", "video-text", "--method", "simclr"); !strings.Contains(text, "method: simclr") {
		t.Error("a method that is named is not kept")
	}
}

// TestSectionsAreApart: no method and no task takes the settings of another.
func TestSectionsAreApart(t *testing.T) {
	seen := map[string]string{}
	for _, l := range [][]listed{listTasks(), listMethods()} {
		for _, e := range l {
			if other, taken := seen[e.Settings]; taken && e.Settings != "" {
				t.Errorf("%s and %s share section %s", other, e.Name, e.Settings)
			}
			seen[e.Settings] = e.Name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sections())) {
		if seen[name] == "" {
			t.Errorf("section %s belongs to nobody", name)
		}
	}
}
