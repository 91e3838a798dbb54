package dataset

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFolderOfVideos(t *testing.T) {
	root := tree(t, map[string]string{"b.MP4": "", "a.avi": "", "deep/er/c.mkv": "", "notes.txt": "", ".hidden.mp4": "", ".git/d.mp4": "", "noext": ""})
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, set, "a.avi", "b.MP4", "deep/er/c.mkv")
	if set.Ignored != 3 || len(set.Classes) != 0 || set.Format != "folder" {
		t.Errorf("ignored %d, classes %v, format %s", set.Ignored, set.Classes, set.Format)
	}
	if want := filepath.Join(root, "deep", "er", "c.mkv"); set.Items[2].Path != want {
		t.Errorf("path %s, want %s", set.Items[2].Path, want)
	}
}

func TestFolderPerClass(t *testing.T) {
	root := tree(t, map[string]string{"walk/1.mp4": "", "run/2.mp4": "", "run/more/3.gif": "", "README.md": ""})
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, set, "run/2.mp4 run", "run/more/3.gif run", "walk/1.mp4 walk")
	if d := cmp.Diff([]string{"run", "walk"}, set.Classes); d != "" {
		t.Error(d)
	}
}

func TestFolderPerSplit(t *testing.T) {
	root := tree(t, map[string]string{"train/walk/1.mp4": "", "train/run/2.mp4": "", "test/run/3.mp4": "", "unlabelled/4.mp4": ""})
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, set, "test/run/3.mp4 run test", "train/run/2.mp4 run train", "train/walk/1.mp4 walk train", "unlabelled/4.mp4  unlabelled")
}

func TestFolderLinks(t *testing.T) {
	outside := tree(t, map[string]string{"far.mp4": "", "dir/inner.mp4": ""})
	root := tree(t, map[string]string{"a.mp4": ""})
	for name, target := range map[string]string{
		"linked.mp4": filepath.Join(outside, "far.mp4"), "dir": filepath.Join(outside, "dir"),
		"gone.mp4": filepath.Join(outside, "gone.mp4"), "folder.mp4": filepath.Join(outside, "dir"),
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Skip("no symbolic links here: ", err)
		}
	}
	set, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, set, "a.mp4", "gone.mp4", "linked.mp4")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	if set, err = Open(link); err != nil {
		t.Fatal(err)
	}
	wantBrief(t, set, "a.mp4", "gone.mp4", "linked.mp4")
}
