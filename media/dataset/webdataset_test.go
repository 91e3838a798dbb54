package dataset

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tarBytes packs members of a name and a text.
func tarBytes(t testing.TB, members ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for i := 0; i < len(members); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: members[i], Mode: 0o644, Size: int64(len(members[i+1]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func writeShard(t testing.TB, path string, members ...string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, tarBytes(t, members...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWebDataset(t *testing.T) {
	root := t.TempDir()
	writeShard(t, filepath.Join(root, "train-000.tar"),
		"a.mp4", "video", "a.txt", "a dog\n", "a.cls", "1",
		"dir/b.seg.webm", "video", "dir/b.json", `{"caption":"a cat","label":"10","start":1,"end":2.5,"n":3}`,
		"c.jpg", "picture", "c.mp4", "video", "c.cls", "0",
		"d.txt", "no video here", ".hidden", "x", "e.png", "picture", "e.json", "{broken", "e.npy", "array")
	writeShard(t, filepath.Join(root, "test-001.tar"), "f.avi", "video")
	check := func(path string) {
		t.Helper()
		set, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		wantBrief(t, set, "test-001.tar#f.avi  test", "train-000.tar#a.mp4 1 train", "train-000.tar#c.mp4 0 train", "train-000.tar#dir/b.seg.webm 10 train", "train-000.tar#e.png  train")
		b := set.Items[3]
		if b.Path != filepath.Join(root, "train-000.tar")+"#dir/b.seg.webm" || !cmp.Equal(b.Captions, []string{"a cat"}) || b.Start.Seconds() != 1 || b.End.Seconds() != 2.5 || b.Fields["n"] != "3" {
			t.Errorf("%+v", b)
		}
		if len(set.Classes) != 11 || b.Class != 10 || set.Items[1].Class != 1 || set.Ignored != 1 {
			t.Errorf("classes %v, class %d, %d ignored", set.Classes, b.Class, set.Ignored)
		}
		notes := ""
		for _, n := range set.Notes {
			notes += n.String() + "\n"
		}
		for _, want := range []string{"1 samples hold neither video nor image, such as train-000.tar#d", "1 texts are not understood, such as e.json"} {
			if !strings.Contains(notes, want) {
				t.Errorf("no %q in %s", want, notes)
			}
		}
	}
	check(root)
	check(filepath.Join(root, "{train-000,test-001}.tar"))
	set, err := Open(filepath.Join(root, "train-{000..002}.tar"))
	if err != nil || len(set.Items) != 4 || !strings.Contains(fmt.Sprint(set.Notes), "2 shards are not there") {
		t.Errorf("%v, %+v", err, set)
	}
}

func TestDamagedShard(t *testing.T) {
	data := tarBytes(t, "a.mp4", "video", "b.mp4", strings.Repeat("video", 1000))
	path := filepath.Join(t.TempDir(), "s.tar")
	if err := os.WriteFile(path, data[:2000], 0o644); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path)
	if err != nil || len(set.Items) != 1 || len(set.Notes) != 1 || !strings.Contains(set.Notes[0].String(), "damaged") {
		t.Errorf("%v, %+v", err, set)
	}
	if err := os.WriteFile(path, []byte("junk"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "no video is left: s.tar: read up to a damaged spot: tarindex: the file ends in the middle") {
		t.Errorf("error %v", err)
	}
}

func TestExpandBraces(t *testing.T) {
	for pattern, want := range map[string]string{
		"a-{000..002}.tar": "a-000.tar a-001.tar a-002.tar", "{9..11}": "9 10 11", "{x,y}-{1..2}": "x-1 x-2 y-1 y-2", "a": "a",
	} {
		got, err := expandBraces(pattern)
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%s: %v, %v", pattern, got, err)
		}
	}
	for _, bad := range []string{"{3..1}", "{a..b}", "{0..99999999}", "{0..9999}{0..9999}"} {
		if got, err := expandBraces(bad); err == nil {
			t.Errorf("%s: %d names, want an error", bad, len(got))
		}
	}
}

// TestStandardInput spools joined shards and removes the file at the end.
func TestStandardInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(file, append(tarBytes(t, "a.mp4", "one"), tarBytes(t, "b.mp4", "two")...), 0o644); err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	defer func() { os.Stdin = stdin }()
	open := func(o Options) (*Set, error) {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		os.Stdin = f
		return o.Open(StandardInput)
	}
	set, err := open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantBrief(t, set, "stdin.tar#a.mp4", "stdin.tar#b.mp4")
	spooled, _, _ := strings.Cut(set.Items[0].Path, "#")
	if data, err := os.ReadFile(spooled); err != nil || !bytes.Contains(data, []byte("two")) {
		t.Error(err)
	}
	if err := set.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(spooled); err == nil {
		t.Error("the spooled file is still there")
	}
	if _, err := spool(strings.NewReader(strings.Repeat("x", 100)), 99); err == nil || !strings.Contains(err.Error(), "spool_mb") {
		t.Errorf("%v", err)
	}
}
