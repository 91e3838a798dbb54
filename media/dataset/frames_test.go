package dataset

import (
	"path/filepath"
	"testing"
)

func TestFrames(t *testing.T) {
	set := openTree(t, Options{}, nil, "train/walk/v1/frame_0001.jpg", "train/walk/v1/frame_0002.jpg", "test/run/v2/IMG-7.png")
	if set.Format != "frames" {
		t.Error(set.Format)
	}
	wantBrief(t, set, "test/run/v2 run test", "train/walk/v1 walk train")
	if it := set.Items[1]; it.Path != filepath.Join(set.Root, "train", "walk", "v1") {
		t.Error(it.Path)
	}
	one := openTree(t, Options{}, nil, "frame1.jpg", "frame2.jpg")
	if one.Format != "frames" || len(one.Items) != 1 || one.Items[0].Path != one.Root || one.Items[0].Name != filepath.Base(one.Root) {
		t.Errorf("%+v", one)
	}
}

// Folders of numbered pictures may be classes, unless somebody says otherwise.
func TestNumberedPicturesAreImages(t *testing.T) {
	pictures := []string{"cat/0001.png", "cat/0002.png", "dog/0001.png"}
	wantBrief(t, openTree(t, Options{}, nil, pictures...), "cat/0001.png cat", "cat/0002.png cat", "dog/0001.png dog")
	wantBrief(t, openTree(t, Options{Format: "frames"}, nil, pictures...), "cat", "dog")
}
