package main

import (
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
	dir := "checked" // short names, as lines are cut
	t.Chdir(t.TempDir())
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
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
	for _, want := range []string{"broken       " + dir + "/c.gif: ", "2 files are equal: " + dir, "content of " + dir, "subject ann (2 videos) in test and train"} {
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

func TestDataCheckUsage(t *testing.T) {
	data := filepath.Join(sharedtest.Dir(t), "data/actions/weizmann")
	for _, args := range [][]string{
		{"data", "check"}, {"data", "check", data, "--out", "x.txt"}, {"data", "check", data, "--group", "colour"},
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
