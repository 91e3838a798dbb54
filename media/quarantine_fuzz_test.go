package media

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzQuarantine reads a list that anybody may have written, adds to it, and
// reads it again.
func FuzzQuarantine(f *testing.F) {
	f.Add([]byte(`{"path":"a.mp4","reason":"corrupt data","stage":"check"}` + "\n" + `{"path":"b.mp4","rea`))
	f.Add([]byte("\n\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "quarantine.jsonl")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		before, err := ReadQuarantine(path)
		q, opening := OpenQuarantine(path)
		if (err == nil) != (opening == nil) {
			t.Fatalf("reading says %v, opening %v", err, opening)
		}
		if err != nil {
			return
		}
		defer q.Close()
		if err := q.Add(Bad{Path: "a new file.mp4", Reason: "why\xff", Stage: StageTrain}); err != nil {
			t.Fatal(err)
		}
		after, err := ReadQuarantine(path)
		if err != nil || len(after) < len(before) {
			t.Errorf("%d files after adding to %d: %v", len(after), len(before), err)
		}
	})
}
