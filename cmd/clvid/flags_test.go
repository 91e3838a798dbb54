package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
	for kind, want := range map[string]string{"tasks": "frame-order", "methods": "moco-v2", "encoders": "r3d-18", "presets": "weizmann"} {
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
