package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media/dataset"
)

// TestDataCheckReal: a real set is sound, and every kind of manifest that is
// written of it is a set again, with the index beside it.
func TestDataCheckReal(t *testing.T) {
	data := filepath.Join(sharedtest.Dir(t), "data/actions/weizmann")
	for _, ext := range dataset.ManifestExtensions() {
		out := filepath.Join(t.TempDir(), "sub", "checked"+ext)
		r := jsonOf[dataset.Report](t, "data", "check", data, "--where", "subject=daria", "--full", "--group", "subject", "--out", out, "--json")
		if r.Files != 10 || !r.Full || len(r.Broken)+len(r.Leaks)+len(r.Duplicates) > 0 || len(r.Classes) != 10 || r.Codecs[0] != (dataset.Count{Value: "h264", Files: 10}) {
			t.Errorf("%s: %+v", ext, r)
		}
		if _, err := os.Stat(out + indexSuffix); err != nil {
			t.Error(err)
		}
		again := jsonOf[dataset.Report](t, "data", "check", out, "--json")
		if again.Files != 10 || again.Frames != r.Frames || again.Bytes != r.Bytes {
			t.Errorf("%s: %+v, want %+v", ext, again, r)
		}
		set := jsonOf[setFinding](t, "inspect", out, "--json")
		if set.Videos != 10 || set.Splits["train"] != 10 || !strings.Contains(strings.Join(set.Columns, " "), "sha256 split subject width") {
			t.Errorf("%s: %+v", ext, set)
		}
	}
}

// TestDataCheckFindings: what is wrong is told, and makes the status 1.
func TestDataCheckFindings(t *testing.T) {
	clip, err := os.ReadFile(filepath.Join(sharedtest.Dir(t), "data/clips/isl_hello.gif"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, data := range map[string][]byte{"a.gif": clip, "b.gif": clip, "c.gif": []byte("no picture at all")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	manifest := "path,split,subject\na.gif,train,ann\nb.gif,test,ann\nc.gif,test,bob\n"
	if err := os.WriteFile(filepath.Join(dir, "clips.csv"), []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	out, errs, status := clvid(t, "data", "check", dir, "--group", "subject")
	if status != exitError || !strings.Contains(errs, "1 of 3 files are broken, 2 leaks between splits") {
		t.Errorf("status %d: %s", status, errs)
	}
	for _, want := range []string{"broken       c.gif: unsupported: the file is plain text, neither video nor image\n", "2 files are equal: a.gif, b.gif", "content of a.gif, b.gif in", "subject ann (2 videos) in test and train"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	kept := filepath.Join(dir, "kept.csv")
	if _, _, status := clvid(t, "data", "check", dir, "--out", kept); status != exitError {
		t.Errorf("status %d", status)
	}
	if set := jsonOf[setFinding](t, "inspect", kept, "--json"); set.Videos != 2 {
		t.Errorf("%d videos in the manifest, want the 2 whole ones", set.Videos)
	}
	// Sound in one split alone.
	if out := mustRun(t, "data", "check", dir, "--split", "train"); !strings.Contains(out, "as there is one split alone") {
		t.Error(out)
	}
}

// TestDataCheckDamagedShard: what lies before the spot is checked, and the
// status tells.
func TestDataCheckDamagedShard(t *testing.T) {
	clip, err := os.ReadFile(filepath.Join(sharedtest.Dir(t), "data/clips/isl_hello.gif"))
	if err != nil {
		t.Fatal(err)
	}
	var shard bytes.Buffer
	w := tar.NewWriter(&shard)
	for _, name := range []string{"a.gif", "b.gif"} {
		err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(clip))})
		if _, writing := w.Write(clip); errors.Join(err, writing) != nil {
			t.Fatal(err, writing)
		}
	}
	file := filepath.Join(t.TempDir(), "cut.tar")
	if err := os.WriteFile(file, shard.Bytes()[:len(clip)*3/2], 0o644); err != nil {
		t.Fatal(err)
	}
	out, _, status := clvid(t, "data", "check", file)
	if status != exitError || !strings.Contains(out, "videos       1, ") || !strings.Contains(out, "broken       cut.tar: read up to a damaged spot: tarindex: the file ends in the middle\n") {
		t.Errorf("status %d: %s", status, out)
	}
}

// TestDataCheckNothingWhole: the report is there where a manifest cannot be.
func TestDataCheckNothingWhole(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.mp4"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out, _, status := clvid(t, "data", "check", dir, "--out", filepath.Join(dir, "kept.csv"))
	if status != exitError || !strings.Contains(out, "broken       a.mp4: ") || !strings.Contains(out, "written      nothing") || exists(filepath.Join(dir, "kept.csv")) {
		t.Errorf("status %d: %s", status, out)
	}
}

func TestDataCheckUsage(t *testing.T) {
	data := filepath.Join(sharedtest.Dir(t), "data/actions/weizmann")
	for _, args := range [][]string{
		{"data", "check"}, {"data", "check", "-", "--out", "x.csv"}, {"data", "check", data, "--out", "x.txt"}, {"data", "check", data, "--group", "colour"},
		{"data", "check", data, "--format", "nothing"}, {"data", "check", data, "--split", "none"}, {"data", "check", data, "--split-number", "9"}, {"data", "chekc"},
	} {
		if _, errs, status := clvid(t, args...); status != exitUsage {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
	}
	if out := mustRun(t, "data"); !strings.Contains(out, "check") {
		t.Error(out)
	}
	if out := mustRun(t, "list", "formats"); !strings.Contains(out, "ucf101") || !strings.Contains(out, "webdataset") {
		t.Error(out)
	}
}
