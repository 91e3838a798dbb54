package avdecode

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/clvid/clvid/internal/sharedtest"
)

// indexed copies two videos to a folder and writes an index file beside them.
func indexed(t *testing.T) (dir, file string, videos []string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"ps7_action2.avi", "isl_hello.gif"} {
		data, err := os.ReadFile(filepath.Join(sharedtest.Dir(t), "data", "clips", name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		videos = append(videos, path)
	}
	shard := filepath.Join(dir, "s.tar")
	pack(t, shard, videos[1])
	videos = append(videos, shard+"#set/isl_hello.gif")
	file = filepath.Join(dir, "clips.csv.index")
	d := New(Options{IndexCache: "off"})
	n, err := d.WriteIndexes(context.Background(), file, append(videos, filepath.Join(dir, "gone.mp4"), dir))
	if err != nil || n != len(videos) {
		t.Fatalf("%d indexes, %v, want %d", n, err, len(videos))
	}
	return dir, file, videos
}

// fromFile counts the videos whose index the file answers for.
func fromFile(t *testing.T, d *Decoder, videos []string) (n int) {
	t.Helper()
	for _, path := range videos {
		src, err := regular(path)
		if err != nil {
			t.Fatal(err)
		}
		if x, ok := d.indexes.fromFile(src.id()); ok {
			n++
			if want, err := New(Options{IndexCache: "off"}).index(context.Background(), path); err != nil || want.Info.Frames != x.Info.Frames || len(x.Times) != len(x.Order) {
				t.Errorf("%s: %d frames in the index, want %d (%v)", path, x.Info.Frames, want.Info.Frames, err)
			}
		}
	}
	return n
}

func TestIndexFile(t *testing.T) {
	dir, file, videos := indexed(t)
	d := New(Options{IndexCache: "off"})
	if n, err := d.ReadIndexes(file); err != nil || n != 3 || fromFile(t, d, videos) != 3 {
		t.Fatalf("%d indexes, %v, want 3", n, err)
	}
	// A video that changed is scanned again.
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(videos[0], later, later); err != nil {
		t.Fatal(err)
	}
	if n := fromFile(t, d, videos); n != 2 {
		t.Errorf("%d videos are known after one changed, want 2", n)
	}
	// The folder may move.
	moved := dir + "-moved"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	defer os.Rename(moved, dir)
	d = New(Options{IndexCache: "off"})
	if _, err := d.ReadIndexes(filepath.Join(moved, filepath.Base(file))); err != nil {
		t.Fatal(err)
	}
	if n := fromFile(t, d, []string{filepath.Join(moved, "isl_hello.gif")}); n != 1 {
		t.Errorf("the index did not move with its folder")
	}
}

func TestDamagedIndexFile(t *testing.T) {
	_, file, videos := indexed(t)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	heads := bytes.Split(data, []byte("\n"))
	flipped := bytes.Clone(data)
	flipped[len(heads[0])+1+len(heads[1])+1+len(heads[2])/2] ^= 1 // in the first index
	for name, test := range map[string]struct {
		data  []byte
		known int
		fails bool
	}{
		"whole":        {data, 3, false},
		"cut":          {data[:len(data)-20], 2, false},
		"flipped":      {flipped, 2, false},
		"another kind": {[]byte("path,label\na.mp4,x\n"), 0, true},
		"empty":        {nil, 0, true},
	} {
		if err := os.WriteFile(file, test.data, 0o644); err != nil {
			t.Fatal(err)
		}
		d := New(Options{IndexCache: "off"})
		if _, err := d.ReadIndexes(file); (err != nil) != test.fails {
			t.Errorf("%s: %v", name, err)
		}
		if n := fromFile(t, d, videos); n != test.known {
			t.Errorf("%s: %d videos are known, want %d", name, n, test.known)
		}
	}
}

// Whatever the bytes, reading an index file ends, in a list of places inside it.
func FuzzIndexFile(f *testing.F) {
	f.Add([]byte(indexFileMagic + "\n" + `{"format":"clvid index 2","file":{"path":"a"},"sha256":"","bytes":2}` + "\n{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, _ := scanIndexFile(bytes.NewReader(data))
		for _, l := range found {
			if l.offset < 0 || l.offset+l.head.Bytes > int64(len(data)) {
				t.Errorf("an index at %d of %d bytes in a file of %d", l.offset, l.head.Bytes, len(data))
			}
		}
	})
}
