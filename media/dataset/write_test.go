package dataset

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWriteManifestReadsBack(t *testing.T) {
	root := t.TempDir()
	items := []Item{
		{Name: "v/a.mp4", Label: "left", Split: "train", Captions: []string{"a red \"bar\", drifting", "two\nlines"}, Fields: map[string]string{"shape": "bar"}},
		{Name: "v/b.mp4", Split: "unlabelled", Fields: map[string]string{"shape": "cross"}},
	}
	path := filepath.Join(root, ManifestName)
	for range 2 { // the second replaces the first
		if err := WriteManifest(path, items); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range items {
		items[i].Path = filepath.Join(root, items[i].Name)
		items[i].Class = -i // left is class 0; the other has none
	}
	if d := cmp.Diff(items, set.Items); d != "" {
		t.Errorf("items (-want +got):\n%s", d)
	}
	if left, _ := filepath.Glob(filepath.Join(root, "*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := WriteManifest(filepath.Join(root, "none", "x.csv"), items); err == nil {
		t.Error("wrote into a folder that is not there")
	}
}
