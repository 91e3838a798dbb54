package isolate

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
)

// clipFiles are the paths of data/clips.
func clipFiles(t testing.TB) []string {
	t.Helper()
	folder := filepath.Join(sharedtest.Dir(t), "data", "clips")
	f, err := os.Open(filepath.Join(folder, "clips.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rows[1:] {
		out = append(out, filepath.Join(folder, r[0]))
	}
	return out
}

// quick are the files that -short decodes.
var quick = map[string]bool{"carphone.mp4": true, "h265_video.mp4": true, "weizmann_daria_jack.avi": true, "grid_bbaf2n.mpg": true, "isl_hello.gif": true}

// TestIsolatedBitsAreEqual compares every frame, and random clips, with what
// the same decoder gives in this process.
func TestIsolatedBitsAreEqual(t *testing.T) {
	here := avdecode.New(avdecode.Options{IndexCache: "off"})
	// The small ring goes round many times, and larger pictures take the pipe.
	for name, d := range map[string]*Decoder{"ring": isolated(t, Options{}), "small ring": isolated(t, Options{Ring: 1 << 20})} {
		for i, path := range clipFiles(t) {
			if testing.Short() && !quick[filepath.Base(path)] || name == "small ring" && i%3 != 0 {
				continue
			}
			t.Run(name+"/"+filepath.Base(path), func(t *testing.T) { sameVideo(t, here, d, path) })
		}
		if s := d.Stats(); s != (Stats{Started: 1}) {
			t.Errorf("%s: %+v, want one worker that lives", name, s)
		}
	}
}

func sameVideo(t *testing.T, here, there media.Decoder, path string) {
	a, err := here.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := there.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if a.Info() != b.Info() || a.Len() != b.Len() {
		t.Errorf("described as %+v, %d frames, want %+v, %d", b.Info(), b.Len(), a.Info(), a.Len())
	}
	rng := rand.New(rand.NewPCG(3, uint64(a.Len())))
	spans := []media.Span{{Start: rng.IntN(a.Len()), N: 8, Stride: 1 + rng.IntN(4)}, {Start: rng.IntN(a.Len()), N: 8, Stride: 2}}
	want, err := a.Clips(t.Context(), spans...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Clips(t.Context(), spans...)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range got {
		if c.Video != want[i].Video || !reflect.DeepEqual(c.Span, want[i].Span) || !reflect.DeepEqual(c.Frames, want[i].Frames) {
			t.Errorf("clip %d differs", i)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d clips, want %d", len(got), len(want))
	}
	sameFrames(t, a, b)
	type counted interface{ Stats() media.Stats }
	if a, b := a.(counted).Stats(), b.(counted).Stats(); a != b {
		t.Errorf("work %+v, want %+v", b, a)
	}
}

// sameFrames compares frames and the errors between and behind them.
func sameFrames(t *testing.T, a, b media.Video) {
	type item struct {
		frame *media.Frame
		err   error
	}
	frames := make(chan item)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		defer close(frames)
		for f, err := range a.Frames(ctx) {
			select {
			case frames <- item{f, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	n := 0
	for f, err := range b.Frames(ctx) {
		want := <-frames
		if !reflect.DeepEqual(err, want.err) || !reflect.DeepEqual(f, want.frame) {
			t.Fatalf("item %d of Frames differs: %v, want %v", n, err, want.err)
		}
		n++
	}
	if extra, ok := <-frames; ok {
		t.Errorf("Frames ends after %d items, want more: %v", n, extra.err)
	}
}

// TestHostileFilesAreEqual compares frames and errors of broken files.
func TestHostileFilesAreEqual(t *testing.T) {
	here, there := avdecode.New(avdecode.Options{IndexCache: "off"}), isolated(t, Options{})
	folder := filepath.Join(sharedtest.Dir(t), "data", "hostile")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range entries {
		if testing.Short() && i%10 != 0 {
			continue
		}
		path := filepath.Join(folder, e.Name())
		a, errA := here.Open(t.Context(), path)
		b, errB := there.Open(t.Context(), path)
		if fmt.Sprint(errA) != fmt.Sprint(errB) {
			t.Errorf("%s: %v, want %v", e.Name(), errB, errA)
		}
		for _, kind := range kinds {
			if errors.Is(errA, kind) != errors.Is(errB, kind) {
				t.Errorf("%s: %v lost its kind %v", e.Name(), errB, kind)
			}
		}
		if errA == nil && errB == nil {
			sameFrames(t, a, b)
			b.Close()
			a.Close()
		}
	}
	if s := there.Stats(); s != (Stats{Started: 1}) {
		t.Errorf("%+v, want one worker that lives", s)
	}
}

func TestCancelAndBreak(t *testing.T) {
	d := isolated(t, Options{Ring: 64 * 48 * 3 * 6}) // six pictures
	v, err := d.Open(t.Context(), "paint/never")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err := range v.Frames(ctx) {
		if n++; n == 3 {
			cancel()
		}
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if n > 12 {
		t.Errorf("%d frames after a cancellation at the third", n)
	}
	if _, err := v.Clips(ctx, media.Span{N: 1, Stride: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("clips: %v", err)
	}
	if _, err := d.Open(ctx, "paint/never"); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	for f := range v.Frames(t.Context()) {
		if _, err := v.Clips(t.Context(), media.Span{N: 1, Stride: 1}); !errors.Is(err, errClosed) {
			t.Errorf("clips within frames: %v", err)
		}
		if f.Index == 2 {
			break
		}
	}
	clips, err := v.Clips(t.Context(), media.Span{N: 40, Stride: 1})
	if err != nil || clips[0].Frames[39].Planes[0][7] != 39 {
		t.Errorf("after a break: %v", err)
	}
	if s := d.Stats(); s != (Stats{Started: 1}) {
		t.Errorf("%+v, want one worker that lives", s)
	}
}

// TestCancelOfAHang gives the context's error, not the file's.
func TestCancelOfAHang(t *testing.T) {
	d := isolated(t, Options{Grace: 1e8})
	v, err := d.Open(t.Context(), "paint/clip=hang")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 1e8)
	defer cancel()
	if _, err := v.Clips(ctx, media.Span{N: 1, Stride: 1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// TestNothingIsLeft counts processes, descriptors and goroutines.
func TestNothingIsLeft(t *testing.T) {
	cycle := func() {
		d := isolated(t, Options{Workers: 2, Grace: 1e9})
		var group sync.WaitGroup
		for _, path := range []string{"paint/never", "paint/clip=kill", "paint/frames=exit", "paint/never"} {
			group.Go(func() {
				if err := use(t, d, path); (err == nil) != (path == "paint/never") {
					t.Errorf("%s: %v", path, err)
				}
			})
		}
		group.Wait()
		if n := len(d.idle); n > 2 {
			t.Errorf("%d idle workers, want at most 2", n)
		}
		d.Close()
		if len(d.slots) > 0 || len(d.idle) > 0 {
			t.Errorf("slots %v, %d idle after Close", d.slots, len(d.idle))
		}
	}
	cycle()
	goroutines, descriptors := runtime.NumGoroutine(), count(t, "/proc/self/fd")
	cycle()
	for tries := 0; runtime.NumGoroutine() > goroutines; tries++ { // one that has said its last may not have ended
		if tries > 100 {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := count(t, "/proc/self/fd"); n > descriptors {
		t.Errorf("%d descriptors, %d before", n, descriptors)
	}
	for _, line := range childStates(t) {
		t.Errorf("a child is left: %s", line)
	}
}

func count(t *testing.T, folder string) int {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Skip("no /proc to look into")
	}
	return len(entries)
}

// childStates lists this process's children, zombies too.
func childStates(t *testing.T) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		_, after, _ := strings.Cut(string(data), ") ")
		var state string
		var parent int
		if fmt.Sscan(after, &state, &parent); parent == os.Getpid() {
			out = append(out, strings.TrimSpace(string(data))[:40])
		}
	}
	return out
}

// TestWorkersEndWithTheirParent kills a parent while one worker is busy and one
// has nothing to do.
func TestWorkersEndWithTheirParent(t *testing.T) {
	parent := exec.Command(os.Args[0], asParent)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var workers [2]int
	if _, err := fmt.Fscan(out, &workers[0], &workers[1]); err != nil {
		t.Fatal(err)
	}
	for _, pid := range workers {
		// The terminal's interrupt goes to the group of the foreground.
		if group, err := syscall.Getpgid(pid); err != nil || group != pid {
			t.Errorf("worker %d is of group %d, want one of its own: %v", pid, group, err)
		}
	}
	time.Sleep(100 * time.Millisecond) // so that the call has begun
	parent.Process.Kill()
	parent.Wait()
	for _, pid := range workers {
		for alive := 0; running(pid); alive++ {
			if alive > 300 {
				t.Fatalf("worker %d lives on without its parent", pid)
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
}

// running tells whether a process is there and no zombie, as which it may stay
// until whoever adopted it looks.
func running(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(data), ") ")
	return err == nil && !strings.HasPrefix(after, "Z")
}

func TestWorkersThatDoNotStart(t *testing.T) {
	for _, tc := range []struct {
		command []string
		words   string
	}{
		{nil, "Options.Command is empty"},
		{[]string{"/none/such"}, "no such file"},
		{[]string{"/bin/true"}, "exit status 0"},
	} {
		var e *media.Error
		_, err := New(Options{Command: tc.command}).Open(t.Context(), "paint/never")
		if err == nil || errors.As(err, &e) || !strings.Contains(err.Error(), "start a worker") || !strings.Contains(err.Error(), tc.words) {
			t.Errorf("%v, want the words %q and no file to blame", err, tc.words)
		}
	}
}
