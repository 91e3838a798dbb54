package avdecode

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
)

// reread opens a file anew for every span and compares what it shows.
func reread(t *testing.T, d *Decoder, path string, want [][32]byte, spans []media.Span) (opens int) {
	t.Helper()
	for _, s := range spans {
		opened, err := d.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		v := opened.(*video)
		if wrong := mismatch(t, v, want, []media.Span{s}); wrong != "" {
			t.Error(wrong)
		}
		opens += v.Stats().Opens
		v.Close()
		v.Close() // does nothing
	}
	return opens
}

func TestParkedFilesAreExact(t *testing.T) {
	path := small(t, 40)
	want := sequence(t, open(t, plain(), path))
	d := New(Options{IndexCache: "off"})
	defer d.Close()
	if opens := reread(t, d, path, want, matrixSpans(len(want), 30)); opens != 1 {
		t.Errorf("%d opens for 30 uses of one file, want 1", opens)
	}
	none := New(Options{IndexCache: "off", OpenFiles: -1})
	if opens := reread(t, none, path, want, matrixSpans(len(want), 6)); opens != 6 {
		t.Errorf("%d opens without a park, want 6", opens)
	}
	through := generate(t, "a.h264", append(source(""), "-t", "1", "-c:v", "libx264", "-g", "10", "-bf", "2")...)
	want = sequence(t, open(t, plain(), through))
	rising := []media.Span{{Start: 1, N: 2, Stride: 2}, {Start: 4, N: 3, Stride: 1}, {Start: 15, N: 4, Stride: 2}, {Start: 2, N: 1, Stride: 1}, {Start: 3, N: 1, Stride: 1}}
	if opens := reread(t, d, through, want, rising); opens != 2 {
		t.Errorf("%d opens of a file that is decoded through, want 2: it goes on where it was", opens)
	}
}

// TestParkIsBounded opens more files than are kept and counts descriptors.
func TestParkIsBounded(t *testing.T) {
	d := New(Options{IndexCache: "off", OpenFiles: 3})
	before := descriptors(t)
	var last *video
	for range 7 {
		last = open(t, d, small(t, 6))
		if _, err := last.Clips(t.Context(), media.Span{N: 1, Stride: 1}); err != nil {
			t.Fatal(err)
		}
		last.Close()
	}
	if n := descriptors(t) - before; n != 3 {
		t.Errorf("%d files are open, want 3", n)
	}
	d.Close()
	if n := descriptors(t) - before; n != 0 {
		t.Errorf("%d files are open after Close, want 0", n)
	}
	late := open(t, d, small(t, 6))
	if _, err := late.Clips(t.Context(), media.Span{N: 1, Stride: 1}); err != nil {
		t.Errorf("after Close: %v", err)
	}
	late.Close()
	if n := descriptors(t) - before; n != 0 {
		t.Errorf("%d files are open, want 0", n)
	}
	large := open(t, New(Options{IndexCache: "off"}), small(t, 6))
	large.index.FrameBytes = parkedBytes
	if _, err := large.Clips(t.Context(), media.Span{N: 1, Stride: 1}); err != nil {
		t.Fatal(err)
	}
	large.Close()
	if n := descriptors(t) - before; n != 0 {
		t.Errorf("a decoder over the bound of bytes is kept: %d files are open", n)
	}
}

func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skipf("no list of descriptors: %v", err)
	}
	return len(list)
}

// TestParkedFileOfAnotherState replaces a file between two openings.
func TestParkedFileOfAnotherState(t *testing.T) {
	path, other := small(t, 20), small(t, 12)
	d := New(Options{IndexCache: "off"})
	defer d.Close()
	use := func() *video {
		v := open(t, d, path)
		if _, err := v.Clips(t.Context(), media.Span{Start: 3, N: 2, Stride: 1}); err != nil {
			t.Fatal(err)
		}
		v.Close()
		return v
	}
	use()
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(other, later, later); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if v := use(); v.Len() != 12 || v.Stats().Opens != 1 {
		t.Errorf("%d frames after %d opens, want the new file", v.Len(), v.Stats().Opens)
	}
}

// TestParkAfterCancel: a guard that may still be stopped serves no other video.
func TestParkAfterCancel(t *testing.T) {
	path := small(t, 40)
	want := sequence(t, open(t, plain(), path))
	d := New(Options{IndexCache: "off"})
	defer d.Close()
	for range 50 {
		ctx, cancel := context.WithCancel(t.Context())
		v := open(t, d, path)
		n := 0
		for _, err := range v.Frames(ctx) {
			if n++; n == 3 {
				cancel()
			}
			if err != nil {
				break
			}
		}
		cancel()
		v.Close()
		if opened := reread(t, d, path, want, []media.Span{{Start: 30, N: 2, Stride: 1}}); opened > 1 {
			t.Fatal("more opens than uses")
		}
	}
}

func TestParkOfManyGoroutines(t *testing.T) {
	paths := []string{small(t, 30), small(t, 30), filepath.Join(t.TempDir(), "c.mp4")}
	data, err := os.ReadFile(paths[0])
	if err == nil {
		err = os.WriteFile(paths[2], data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	want := sequence(t, open(t, plain(), paths[0]))
	d := New(Options{IndexCache: "off", OpenFiles: 2})
	defer d.Close()
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			spans := matrixSpans(len(want), 12)
			slices.Reverse(spans[:w])
			for i, s := range spans {
				opened, err := d.Open(t.Context(), paths[(i+w)%3])
				if err != nil {
					t.Error(err)
					return
				}
				if wrong := mismatch(t, opened.(*video), want, []media.Span{s}); wrong != "" {
					t.Error(wrong)
				}
				opened.Close()
			}
		})
	}
	wg.Wait()
}
