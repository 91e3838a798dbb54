package avdecode

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
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

func TestFrameCacheServes(t *testing.T) {
	path := small(t, 20)
	want := sequence(t, open(t, plain(), path))
	d := New(Options{IndexCache: "off", CacheBytes: 16 << 20})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			v, err := d.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer v.Close()
			clips, err := v.Clips(t.Context(), media.Span{Start: 3, N: 16, Stride: 3})
			if err != nil {
				t.Error(err)
				return
			}
			for _, f := range clips[0].Frames {
				if hash(&f.Image) != want[f.Index] {
					t.Errorf("frame %d differs", f.Index)
				}
			}
		})
	}
	wg.Wait()
	v := open(t, d, path)
	if _, err := v.Clips(t.Context(), media.Span{N: 4, Stride: 1}); err != nil {
		t.Fatal(err)
	}
	if v.Stats().Opens != 0 {
		t.Errorf("a cached video was opened: %+v", v.Stats())
	}
}

func TestFrameCacheBound(t *testing.T) {
	frame := func() []*media.Frame {
		return []*media.Frame{{Image: media.Image{Planes: [3][]byte{make([]byte, 10)}}}}
	}
	c := newFrameCache(160)
	if _, room := c.get(fileID{Path: "large"}, 11); room {
		t.Error("a video over a sixteenth of the cache gets room")
	}
	// An epoch over more videos than fit keeps the first ones.
	for range 3 {
		for i := range 40 {
			id := fileID{Path: fmt.Sprint(i)}
			if frames, room := c.get(id, 10); frames == nil && room {
				c.put(id, frame())
			}
			if c.used > c.limit {
				t.Fatalf("%d bytes of %d", c.used, c.limit)
			}
		}
	}
	for i := range 16 {
		if frames, _ := c.get(fileID{Path: fmt.Sprint(i)}, 10); frames == nil {
			t.Errorf("video %d was driven out", i)
		}
	}
	// Long disuse lets a new video in.
	for range patience*len(c.seen) + 100 {
		c.get(fileID{Path: "3"}, 10)
	}
	if _, room := c.get(fileID{Path: "new"}, 10); !room || c.used != 150 {
		t.Errorf("no room after long disuse: %d bytes used", c.used)
	}
}
