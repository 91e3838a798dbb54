package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/google/go-cmp/cmp"
)

// tree writes files below a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// brief is one item as `name label class split`.
func brief(s *Set) []string {
	var out []string
	for _, it := range s.Items {
		out = append(out, strings.TrimSpace(strings.Join([]string{it.Name, it.Label, it.Split}, " ")))
	}
	return out
}

func wantBrief(t *testing.T, s *Set, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, brief(s)); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
}

func TestClassesKeepTheirNumbersInParts(t *testing.T) {
	root := tree(t, map[string]string{"clips.csv": "path,label,split\nb.mp4,walk,test\na.mp4,run,train\nc.mp4,,train\n"})
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"run", "walk"}, set.Classes); d != "" {
		t.Error(d)
	}
	test, err := set.Select(Query{Split: []string{"test"}})
	if err != nil {
		t.Fatal(err)
	}
	if it := test.Items[0]; it.Class != 1 || len(test.Classes) != 2 {
		t.Errorf("class of %s is %d of %v, want 1 of 2", it.Name, it.Class, test.Classes)
	}
	if c := set.Items[2].Class; c != -1 {
		t.Errorf("class without a label is %d, want -1", c)
	}
}

func TestOpenErrors(t *testing.T) {
	root := tree(t, map[string]string{"x.txt": "", "empty/readme.md": ""})
	for path, want := range map[string]string{
		filepath.Join(root, "none"):  "no such file",
		filepath.Join(root, "x.txt"): "neither a folder, a manifest",
		filepath.Join(root, "empty"): "holds no videos (1 other files)",
	} {
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "dataset: ") {
			t.Errorf("Open(%s) = %v, want %q", path, err, want)
		}
	}
}

func TestSharedSets(t *testing.T) {
	data := filepath.Join(sharedtest.Dir(t), "data")
	for _, tc := range []struct {
		path                  string
		items, classes, train int
		columns               []string
	}{
		{"actions/weizmann", 90, 10, 60, []string{"label", "split", "subject"}},
		{"actions/asl-letters", 480, 24, 240, []string{"label", "split", "subject"}},
		{"video-text", 156, 0, -1, []string{"caption", "caption_source", "group", "source_path", "source_repo", "split"}},
	} {
		set, err := Open(filepath.Join(data, tc.path))
		if err != nil {
			t.Error(err)
			continue
		}
		if len(set.Items) != tc.items || len(set.Classes) != tc.classes {
			t.Errorf("%s: %d items, %d classes, want %d, %d", tc.path, len(set.Items), len(set.Classes), tc.items, tc.classes)
		}
		if d := cmp.Diff(tc.columns, set.Columns()); d != "" {
			t.Errorf("%s: columns (-want +got):\n%s", tc.path, d)
		}
		if part, err := set.PretrainSplit(); tc.train >= 0 && (err != nil || len(part.Items) != tc.train) {
			t.Errorf("%s: %v to learn from, want %d: %v", tc.path, part, tc.train, err)
		}
		for _, item := range set.Items {
			if _, err := os.Stat(item.Path); err != nil {
				t.Fatalf("%s: %v", tc.path, err)
			}
		}
	}
}
