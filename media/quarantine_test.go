package media

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuarantine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quarantine.jsonl")
	q, err := OpenQuarantine(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []Bad{{"a & b.mp4", "no \"video\"", "check"}, {"c.mp4", "bad \xff byte", "check"}, {"a & b.mp4", "again", "train"}} {
		if err := q.Add(b.Path, b.Reason, b.Stage); err != nil {
			t.Fatal(err)
		}
	}
	if list := q.List(); q.Len() != 2 || list[0].Path != "a & b.mp4" || list[1].Path != "c.mp4" {
		t.Errorf("list %v", q.List())
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	want := `{"path":"a & b.mp4","reason":"no \"video\"","stage":"check"}` + "\n" + `{"path":"c.mp4","reason":"bad ? byte","stage":"check"}` + "\n"
	if d := cmp.Diff(want, string(text)); d != "" {
		t.Errorf("file (-want +got):\n%s", d)
	}
}

// A process killed in the middle of a line leaves a list that can be opened and
// goes on as if that line had never begun.
func TestQuarantineAfterKill(t *testing.T) {
	whole := `{"path":"a.mp4","reason":"r","stage":"check"}` + "\n"
	next := `{"path":"b.mp4","reason":"r","stage":"train"}` + "\n"
	for cut := range len(next) {
		path := filepath.Join(t.TempDir(), "quarantine.jsonl")
		if err := os.WriteFile(path, []byte(whole+next[:cut]), 0o644); err != nil {
			t.Fatal(err)
		}
		q, err := OpenQuarantine(path)
		if err != nil {
			t.Fatal(err)
		}
		if list := q.List(); len(list) != 1 || list[0].Path != "a.mp4" {
			t.Fatalf("cut at %d: list %v", cut, q.List())
		}
		if err := q.Add("b.mp4", "r", "train"); err != nil {
			t.Fatal(err)
		}
		q.Close()
		if text, _ := os.ReadFile(path); string(text) != whole+next {
			t.Fatalf("cut at %d: file %q", cut, text)
		}
	}
}

func TestQuarantineErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenQuarantine(filepath.Join(dir, "none", "q")); err == nil || !strings.HasPrefix(err.Error(), "media: quarantine: ") {
		t.Errorf("error %v", err)
	}
	path := filepath.Join(dir, "q")
	if err := os.WriteFile(path, []byte("{}\nnot json\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenQuarantine(path); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want it to name line 2", err)
	}
}
