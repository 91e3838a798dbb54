package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media/dataset"
)

// packSet writes the videos of a set to a tar shard, under their names.
func packSet(t *testing.T, set *dataset.Set, path string) {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	put := func(name string, data []byte) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for _, item := range set.Items {
		video, err := os.ReadFile(item.Path)
		if err != nil {
			t.Fatal(err)
		}
		fields, err := json.Marshal(map[string]string{"label": item.Label, "split": item.Split})
		if err != nil {
			t.Fatal(err)
		}
		put(item.Name, video)
		put(item.Name[:len(item.Name)-len(filepath.Ext(item.Name))]+".json", fields)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestTrainOnShards: the same videos give the same weights, whether they are
// files, members of a shard, or come from standard input.
func TestTrainOnShards(t *testing.T) {
	if testing.Short() {
		t.Skip("trains three times")
	}
	all, err := dataset.Open(filepath.Join(sharedtest.Dir(t), "data/actions/weizmann"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := all.Select(dataset.Query{Where: map[string]string{"subject": "daria"}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	shard := filepath.Join(dir, "set.tar")
	packSet(t, set, shard)
	in, err := os.Open(shard)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	stdin := os.Stdin
	os.Stdin = in
	defer func() { os.Stdin = stdin }()
	t.Setenv("TMPDIR", t.TempDir())
	var weights [][]byte
	for _, data := range []string{filepath.Join(sharedtest.Dir(t), "data/actions/weizmann"), shard, "-"} {
		run := filepath.Join(dir, "run-"+filepath.Base(data))
		args := []string{"pretrain", "--task", "clip-pairs", "--data", data, "--out", run, "--steps", "2", "--batch", "4", "--set", "encoder_options.width=8", "--set", "media.size=32"}
		if len(weights) == 0 {
			args = append(args, "--where", "subject=daria")
		}
		mustRun(t, args...)
		w, err := os.ReadFile(filepath.Join(run, "weights.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		weights = append(weights, w)
	}
	if !bytes.Equal(weights[0], weights[1]) || !bytes.Equal(weights[0], weights[2]) {
		t.Error("weights differ")
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left of standard input (%v)", left, err)
	}
}

// TestRetrievalOnCOCO: annotations apart from their images serve learning from
// captions and its evaluation.
func TestRetrievalOnCOCO(t *testing.T) {
	if testing.Short() {
		t.Skip("trains")
	}
	images := filepath.Join(sharedtest.Dir(t), "data/image-text/images")
	set, err := dataset.Open(filepath.Join(sharedtest.Dir(t), "data/image-text/images.csv"))
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	notes := filepath.Join(t.TempDir(), "annotations")
	if err := os.Mkdir(notes, 0o755); err != nil {
		t.Fatal(err)
	}
	for split, n := range map[string]int{"train": 40, "test": 20} {
		var all struct {
			Images      []object `json:"images"`
			Annotations []object `json:"annotations"`
		}
		for i, item := range set.Items {
			if item.Split != split || len(all.Images) == n {
				continue
			}
			all.Images = append(all.Images, object{"id": i, "file_name": filepath.Base(item.Path)})
			for _, c := range item.Captions {
				all.Annotations = append(all.Annotations, object{"image_id": i, "caption": c})
			}
		}
		data, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(notes, "captions_"+split+"2017.json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := filepath.Join(t.TempDir(), "run")
	mustRun(t, "pretrain", "--method", "clip", "--task", "video-text", "--data", filepath.Dir(notes), "--videos", images, "--out", run, "--steps", "2", "--batch", "8",
		"--set", "encoder_options.width=8", "--set", "media.size=32", "--set", "media.input=rgb", "--set", "media.frames=1")
	if out := mustRun(t, "eval", "retrieval", run); !bytes.Contains([]byte(out), []byte("100 captions, 20 videos")) {
		t.Error(out)
	}
}
