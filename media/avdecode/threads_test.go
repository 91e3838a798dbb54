package avdecode

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/clvid/clvid/media"
)

// TestDamageUnderThreads changes bits of sample data: what comes out of a
// damaged file, pictures and errors, must not depend on the decoder's threads.
func TestDamageUnderThreads(t *testing.T) {
	files := []string{
		generate(t, "a.mp4", append(source(""), "-c:v", "libx264", "-g", "20", "-bf", "3")...),
		generate(t, "a.avi", append(source(""), "-c:v", "mpeg4", "-g", "20", "-bf", "2", "-q:v", "4")...),
		generate(t, "a.mpg", append(source(""), "-c:v", "mpeg1video", "-g", "12", "-bf", "2", "-q:v", "4")...),
	}
	rounds := 30
	if testing.Short() {
		files, rounds = files[:1], 6
	}
	rng := rand.New(rand.NewPCG(5, 12))
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fragile := 0
		for round := range rounds {
			bad := append([]byte(nil), data...)
			for range 1 + rng.IntN(4) {
				bad[len(bad)/8+rng.IntN(len(bad)/2)] ^= 1 << rng.IntN(8)
			}
			path := filepath.Join(t.TempDir(), filepath.Base(name))
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
			one, _ := outcome(t, path, 1)
			two, gaveUp := outcome(t, path, 2)
			if one != two {
				t.Errorf("%s, round %d: with one thread\n%swith two\n%s", filepath.Base(name), round, one, two)
			}
			if gaveUp {
				fragile++
			}
		}
		t.Logf("%s: %d of %d were given to one thread", filepath.Base(name), fragile, rounds)
		if fragile == 0 {
			t.Errorf("%s: no damage was seen", filepath.Base(name))
		}
	}
}

// outcome is all that comes out of a file, in words.
func outcome(t *testing.T, path string, threads int) (text string, fragile bool) {
	t.Helper()
	opened, err := New(Options{IndexCache: "off", Threads: threads}).Open(t.Context(), path)
	if err != nil {
		return err.Error(), false
	}
	defer opened.Close()
	v := opened.(*video)
	for _, start := range []int{v.Len() / 2, v.Len() - 9, 3} {
		clips, err := v.Clips(t.Context(), media.Span{Start: max(start, 0), N: 4, Stride: 2})
		text += fmt.Sprintln("clip at", start, err)
		for _, c := range clips {
			for _, f := range c.Frames {
				text += fmt.Sprintf("%d %x\n", f.Index, hash(&f.Image))
			}
		}
	}
	for f, err := range v.Frames(t.Context()) {
		if err != nil {
			text += err.Error() + "\n"
			break
		}
		text += fmt.Sprintf("%d %x\n", f.Index, hash(&f.Image))
	}
	return text, v.index.fragile.Load()
}

// HEVC keeps to one thread: a changed bit may leave no sign.
func TestHEVCHasOneThread(t *testing.T) {
	for name, want := range map[string]bool{"h265_video.mp4": false, "carphone.mp4": true} {
		opened, err := New(Options{IndexCache: "off", Threads: 2}).Open(t.Context(), sharedFile(t, "clips", name))
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		if _, err := opened.Clips(t.Context(), media.Span{N: 2, Stride: 1}); err != nil {
			t.Fatal(err)
		}
		if got := opened.(*video).session.threaded; got != want {
			t.Errorf("%s: threads %v, want %v", name, got, want)
		}
	}
}
