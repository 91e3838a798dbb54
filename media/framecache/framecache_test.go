package framecache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

// movies are painted videos, at paths where files are, as a cache asks for
// their time of change.
func movies(t *testing.T, n int, m mediatest.Movie) (*mediatest.Decoder, []string) {
	t.Helper()
	d, dir, paths := &mediatest.Decoder{Movies: map[string]mediatest.Movie{}}, t.TempDir(), []string{}
	for i := range n {
		path := filepath.Join(dir, fmt.Sprintf("%03d.mp4", i))
		if err := os.WriteFile(path, []byte("painted"), 0o644); err != nil {
			t.Fatal(err)
		}
		m := m
		m.Paint = func(t, x, y int) [3]byte { return [3]byte{byte(7*t + i), byte(x), byte(y * t)} }
		d.Movies[path] = m
		paths = append(paths, path)
	}
	return d, paths
}

var spans = []media.Span{{Start: 1, N: 4, Stride: 2}, {Start: 6, N: 3, Stride: 3}, {N: 3, Picks: []int{5, 2, 2}}}

func cut(t *testing.T, d media.Decoder, path string) []*media.Clip {
	t.Helper()
	v, err := d.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	clips, err := v.Clips(t.Context(), spans...)
	if err != nil {
		t.Fatal(err)
	}
	if w, h := v.Info().Width, v.Info().Height; w != clips[0].Frames[0].W || h != clips[0].Frames[0].H {
		t.Errorf("info says %dx%d, frames are %dx%d", w, h, clips[0].Frames[0].W, clips[0].Frames[0].H)
	}
	return clips
}

// equalClips compares frames sample for sample, not how they lie in memory.
func equalClips(a, b []*media.Clip) bool {
	for i, c := range a {
		for j, f := range c.Frames {
			g := b[i].Frames[j]
			if f.Index != g.Index || f.Time != g.Time || f.Key != g.Key || !f.SameKind(&g.Image) || !bytes.Equal(samples(f), samples(g)) {
				return false
			}
		}
	}
	return len(a) == len(b)
}

func samples(f *media.Frame) []byte {
	block, im := make([]byte, imageBytes(&f.Image)), f.Image
	place(&im, block, &f.Image)
	return block
}

func newCache(t *testing.T, d media.Decoder, o Options) *Decoder {
	t.Helper()
	c, err := New(d, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A hit, a miss and no cache give equal bits; a hit decodes nothing, and
// neither does another process, where the cache is on disk.
func TestHitAndMissAreEqual(t *testing.T) {
	for _, size := range [][2]int{{40, 30}, {23, 57}} {
		inner, paths := movies(t, 1, mediatest.Movie{W: size[0], H: size[1], Frames: 20})
		for _, side := range []int{0, 16, 64} {
			want := cut(t, newCache(t, inner, Options{Side: side}), paths[0])
			for _, dir := range []string{"", t.TempDir()} {
				o := Options{Bytes: 16 << 20, Side: side, Dir: dir}
				c := newCache(t, inner, o)
				for range 3 {
					if got := cut(t, c, paths[0]); !equalClips(got, want) {
						t.Fatalf("%v, side %d, dir %q: clips differ", size, side, dir)
					}
				}
				if dir != "" {
					c = newCache(t, inner, o)
				}
				passes := inner.Passes.Load()
				if got := cut(t, c, paths[0]); !equalClips(got, want) {
					t.Errorf("%v, side %d, dir %q: kept clips differ", size, side, dir)
				}
				if inner.Passes.Load() != passes {
					t.Errorf("side %d, dir %q: a kept video was decoded", side, dir)
				}
			}
		}
	}
}

// Whatever happens to a kept file, the right frames come out, and it is made again.
func TestDamagedFilesAreMadeAgain(t *testing.T) {
	inner, paths := movies(t, 1, mediatest.Movie{W: 40, H: 30, Frames: 20})
	o := Options{Bytes: 16 << 20, Side: 16, Dir: t.TempDir()}
	want := cut(t, newCache(t, inner, o), paths[0])
	files, _ := filepath.Glob(filepath.Join(o.Dir, "*"+suffix))
	if len(files) != 1 {
		t.Fatalf("files %v, want one", files)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	frame := imageBytes(&want[0].Frames[0].Image)
	flip := func(i int) []byte {
		bad := bytes.Clone(good)
		bad[i] ^= 4
		return bad
	}
	for name, bad := range map[string][]byte{
		"empty": {}, "cut": good[:len(good)/2], "flipped frame": flip(frame + 3), "flipped table": flip(20*frame + 9),
		"flipped length": flip(len(good) - 12), "other format": bytes.Replace(good, []byte("frames 1"), []byte("frames 0"), 1), "longer": append(bytes.Clone(good), 0),
	} {
		if err := os.WriteFile(files[0], bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if got := cut(t, newCache(t, inner, o), paths[0]); !equalClips(got, want) {
			t.Errorf("%s: clips differ", name)
		}
		if now, _ := os.ReadFile(files[0]); !bytes.Equal(now, good) {
			t.Errorf("%s: the file was not made again", name)
		}
	}
}

// A changed file, another side and another salt are other videos.
func TestIdentity(t *testing.T) {
	_, paths := movies(t, 1, mediatest.Movie{Frames: 1})
	a, ok := identify(paths[0], Options{})
	b, _ := identify(paths[0], Options{Side: 64})
	c, _ := identify(paths[0], Options{Salt: "deinterlaced"})
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(paths[0], later, later); err != nil {
		t.Fatal(err)
	}
	d, _ := identify(paths[0], Options{})
	if !ok || a == b || a == c || a == d {
		t.Errorf("identities %v %v %v %v", a, b, c, d)
	}
	shard := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(shard, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if id, ok := identify(shard+"#b/c.mp4", Options{}); !ok || id.Size != 1 || !strings.HasSuffix(id.Path, "a.tar#b/c.mp4") {
		t.Errorf("member of a shard: %v %t", id, ok)
	}
	for _, path := range []string{"/nowhere", t.TempDir()} {
		if _, ok := identify(path, Options{}); ok {
			t.Errorf("%s can be kept", path)
		}
	}
}

// Videos with damage, and those that fill too much, are not kept, and clips come
// from the decoder.
func TestWhatIsNotKept(t *testing.T) {
	for name, m := range map[string]mediatest.Movie{
		"damaged": {Frames: 20, Damage: media.ErrCorrupt, DamageAt: 18},
		"short":   {Frames: 20, Lost: 2},
		"large":   {W: 400, H: 300, Frames: 20},
	} {
		for _, dir := range []string{"", t.TempDir()} {
			inner, paths := movies(t, 1, m)
			c := newCache(t, inner, Options{Bytes: 4 << 20, Dir: dir})
			for range 2 {
				cut(t, c, paths[0])
			}
			if inner.Passes.Load() != 2 {
				t.Errorf("%s, dir %q: %d passes of the decoder, want 2", name, dir, inner.Passes.Load())
			}
			if files, _ := filepath.Glob(filepath.Join(dir, "*")); dir != "" && len(files) > 1 { // its lock
				t.Errorf("%s: files %v", name, files)
			}
		}
	}
}

// The folder stays within its bound; what this process used stays, what none
// used lately leaves, and so does what a process that died left.
func TestDiskIsBounded(t *testing.T) {
	inner, paths := movies(t, 40, mediatest.Movie{W: 32, H: 32, Frames: 20})
	each := int64(20 * 32 * 32 * 3)
	o := Options{Bytes: 20 * each, Dir: t.TempDir()}
	leftover := filepath.Join(o.Dir, unfinished+"1")
	if err := os.WriteFile(leftover, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * abandoned)
	if err := os.Chtimes(leftover, old, old); err != nil {
		t.Fatal(err)
	}
	epoch := func(c *Decoder) {
		for _, path := range paths {
			cut(t, c, path)
			if n := folderBytes(t, o.Dir); n > o.Bytes {
				t.Fatalf("%d bytes, at most %d allowed", n, o.Bytes)
			}
		}
	}
	c := newCache(t, inner, o)
	epoch(c)
	before := inner.Passes.Load()
	epoch(c)
	if hits := 40 - (inner.Passes.Load() - before); hits < 15 {
		t.Errorf("%d hits in a second epoch, want those that fit", hits)
	}
	if _, err := os.Stat(leftover); !os.IsNotExist(err) {
		t.Error("what a process that died left is still there")
	}
	files, _ := filepath.Glob(filepath.Join(o.Dir, "*"+suffix))
	for _, f := range files {
		if err := os.Chtimes(f, old, old); err != nil {
			t.Fatal(err)
		}
	}
	c = newCache(t, inner, o)
	before = inner.Passes.Load()
	cut(t, c, paths[39])
	cut(t, c, paths[39])
	if inner.Passes.Load() != before {
		t.Error("no room was made for a new video among those that nobody uses")
	}
}

// Where no file can be written, videos are not decoded whole again and again.
func TestFolderThatFails(t *testing.T) {
	inner, paths := movies(t, 1, mediatest.Movie{Frames: 20})
	o := Options{Bytes: 16 << 20, Dir: filepath.Join(t.TempDir(), "gone")}
	c := newCache(t, inner, o)
	if err := os.Remove(o.Dir); err != nil {
		t.Fatal(err)
	}
	cut(t, c, paths[0])
	v, err := c.Open(t.Context(), paths[0])
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if clips, room := c.store.get(v.(*video), spans); clips != nil || room {
		t.Errorf("%d clips, room %t", len(clips), room)
	}
}

func folderBytes(t *testing.T, dir string) (n int64) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), suffix) {
			n += info.Size()
		}
	}
	return n
}

// Many goroutines, and two caches on one folder, see the right frames.
func TestConcurrently(t *testing.T) {
	inner, paths := movies(t, 6, mediatest.Movie{W: 40, H: 30, Frames: 20})
	plain := newCache(t, inner, Options{Side: 16})
	var want [][]*media.Clip
	for _, path := range paths {
		want = append(want, cut(t, plain, path))
	}
	dir := t.TempDir()
	for _, o := range []Options{{Bytes: 1 << 20, Side: 16}, {Bytes: 1 << 20, Side: 16, Dir: dir}} {
		caches := []*Decoder{newCache(t, inner, o), newCache(t, inner, o)}
		var wg sync.WaitGroup
		for g := range 6 {
			wg.Go(func() {
				for i := range 30 {
					k := (g*5 + i) % len(paths)
					clips := cut(t, caches[g%2], paths[k])
					if !equalClips(clips, want[k]) {
						t.Errorf("video %d differs", k)
					}
					for _, c := range clips {
						c.Release()
					}
				}
			})
		}
		wg.Wait()
	}
}

// An epoch over more videos than fit keeps the first ones; long disuse lets a
// new one in.
func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(160)
	id := func(i int) identity { return identity{Path: fmt.Sprint(i)} }
	if _, room := m.find(id(-1), 11); room {
		t.Error("a video over a sixteenth of the cache gets room")
	}
	for range 3 {
		for i := range 40 {
			if frames, room := m.find(id(i), 10); frames == nil && room {
				k := &memoryKeeper{memory: m, entry: &entry{id: id(i)}}
				k.add(&media.Frame{Image: media.Image{W: 5, H: 2, Planes: [3][]byte{make([]byte, 10)}}})
				k.keep()
			}
			if m.used > m.limit {
				t.Fatalf("%d bytes of %d", m.used, m.limit)
			}
		}
	}
	for i := range 16 {
		if frames, _ := m.find(id(i), 10); frames == nil {
			t.Errorf("video %d was driven out", i)
		}
	}
	for range patience*len(m.seen) + 100 {
		m.find(id(3), 10)
	}
	if _, room := m.find(id(99), 10); !room || m.used != 150 {
		t.Errorf("no room after long disuse: %d bytes used", m.used)
	}
}

func TestReducedSizes(t *testing.T) {
	r := &reducer{side: 128}
	for _, tc := range [][4]int{{320, 240, 170, 128}, {240, 320, 128, 170}, {128, 128, 128, 128}, {100, 3000, 100, 3000}, {129, 129, 128, 128}, {640, 129, 636, 128}} {
		if w, h := r.size(tc[0], tc[1]); w != tc[2] || h != tc[3] {
			t.Errorf("%dx%d becomes %dx%d, want %dx%d", tc[0], tc[1], w, h, tc[2], tc[3])
		}
	}
	if !reflect.DeepEqual(*r, reducer{side: 128}) {
		t.Error("asking for a size prepares something")
	}
}
