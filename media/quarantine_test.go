package media

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestQuarantine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quarantine.jsonl")
	q, err := OpenQuarantine(path)
	if err != nil {
		t.Fatal(err)
	}
	report := &Damage{Reason: "r", Frames: 9, Decoded: 8, Sound: 7, Bytes: 100, Read: 90}
	report.Add(4, 160*time.Millisecond, true, "r")
	for _, b := range []Bad{
		{Path: "a & b.mp4", Reason: "no \"video\"", Stage: StageCheck}, {Path: "c.mp4", Reason: "bad \xff byte", Stage: StageCheck, InPart: true, Damage: report},
		{Path: "a & b.mp4", Reason: "again", Stage: StageTrain}, {Path: "c.mp4", Reason: "again", Stage: StageTrain, InPart: true},
	} {
		if err := q.Add(b); err != nil {
			t.Fatal(err)
		}
	}
	if q.Aside() != 1 {
		t.Errorf("%d set aside, want 1", q.Aside())
	}
	if err := q.Add(Bad{Path: "c.mp4", Reason: "too long", Stage: StageTrain, TimedOut: true}); err != nil {
		t.Fatal(err)
	}
	if list := q.List(); q.Aside() != 2 || len(list) != 2 || list[1].Use() != "timed out" || list[0].Path != "a & b.mp4" || list[1].Path != "c.mp4" {
		t.Errorf("list %v", q.List())
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	text, _ := os.ReadFile(path)
	want := `{"path":"a & b.mp4","reason":"no \"video\"","stage":"check","in_part":false}
{"path":"c.mp4","reason":"bad ? byte","stage":"check","in_part":true,"damage":{"reason":"r","ranges":[{"first":4,"last":4,"from_ns":160000000,"to_ns":160000000,"lost":1,"reason":"r"}],"omitted":0,"frames":9,"decoded":8,"sound":7,"bytes":100,"bytes_read":90}}
{"path":"c.mp4","reason":"too long","stage":"train","in_part":false,"timed_out":true}
`
	if d := cmp.Diff(want, string(text)); d != "" {
		t.Errorf("file (-want +got):\n%s", d)
	}
}

// A process killed in the middle of a line leaves a list that can be opened and
// goes on as if that line had never begun.
func TestQuarantineAfterKill(t *testing.T) {
	whole := `{"path":"a.mp4","reason":"r","stage":"check","in_part":false}` + "\n"
	next := `{"path":"b.mp4","reason":"r","stage":"train","in_part":false}` + "\n"
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
		if err := q.Add(Bad{Path: "b.mp4", Reason: "r", Stage: StageTrain}); err != nil {
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
