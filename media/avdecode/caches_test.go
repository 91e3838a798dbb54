package avdecode

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

func TestIndexCache(t *testing.T) {
	path, folder := small(t, 20), filepath.Join(t.TempDir(), "index")
	fresh := open(t, New(Options{IndexCache: folder}), path)
	entries, _ := filepath.Glob(filepath.Join(folder, "*"))
	if len(entries) != 1 {
		t.Fatalf("cache holds %v, want one entry", entries)
	}
	id := fresh.id
	cached, ok := newIndexCache(folder).get(id)
	if !ok || !reflect.DeepEqual(cached, fresh.index) {
		t.Errorf("read back %+v, want %+v", cached, fresh.index)
	}
	randomAccess(t, open(t, New(Options{IndexCache: folder}), path), sequence(t, fresh), 5)

	good, err := os.ReadFile(entries[0])
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{
		"empty": nil, "cut": good[:len(good)/2], "flipped": flip(good, len(good)-9), "other format": bytes.Replace(good, []byte("clvid index"), []byte("other index"), 1),
	} {
		if err := os.WriteFile(entries[0], bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, ok := newIndexCache(folder).get(id); ok {
			t.Errorf("a cache entry that is %s is believed", name)
		}
		open(t, New(Options{IndexCache: folder}), path)
		if now, _ := os.ReadFile(entries[0]); !bytes.Equal(now, good) {
			t.Errorf("a cache entry that is %s is not rewritten", name)
		}
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	id.Changed = later.UnixNano()
	if _, ok := newIndexCache(folder).get(id); ok {
		t.Error("the index of a changed file is believed")
	}
}

func flip(b []byte, i int) []byte {
	c := bytes.Clone(b)
	c[i] ^= 1
	return c
}

func TestChangedFileIsNoticed(t *testing.T) {
	path := small(t, 8)
	v := open(t, plain(), path)
	if err := os.Truncate(path, 600); err != nil {
		t.Fatal(err)
	}
	_, err := v.Clips(t.Context(), media.Span{N: 1, Stride: 1})
	if !errors.Is(err, media.ErrCorrupt) || !strings.Contains(err.Error(), "the file changed") {
		t.Errorf("error %v", err)
	}
}
