package isolate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/avdecode"
	"github.com/clvid/clvid/media/mediatest"
)

// asWorker makes this test binary a worker with a decoder that breaks at will.
const asWorker = "decode-worker"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asWorker {
		fmt.Fprintln(os.Stderr, Work(faulty{avdecode.New(avdecode.Options{IndexCache: "off"})}, testMemory))
		os.Exit(1)
	}
	if len(os.Args) > 1 && os.Args[1] == asParent {
		waitForever()
	}
	os.Exit(m.Run())
}

// asParent makes this test binary a program whose worker hangs, for a test that
// kills it.
const asParent = "parent"

func waitForever() {
	d := New(Options{Command: []string{"/proc/self/exe", asWorker}})
	v, err := d.Open(context.Background(), "paint/clip=hang")
	if err != nil {
		panic(err)
	}
	idle, err := d.Open(context.Background(), "paint/never")
	if err != nil {
		panic(err)
	}
	fmt.Println(v.(*video).worker.cmd.Process.Pid, idle.(*video).worker.cmd.Process.Pid)
	v.Clips(context.Background(), media.Span{N: 1, Stride: 1})
}

// testMemory bounds the workers of tests.
const testMemory = 512 << 20

// isolated is a decoder whose workers are this test binary.
func isolated(t testing.TB, o Options) *Decoder {
	t.Helper()
	o.Command = []string{"/proc/self/exe", asWorker}
	if o.Memory == 0 {
		o.Memory = testMemory
	}
	d := New(o)
	t.Cleanup(func() { d.Close() })
	return d
}

// faulty paints videos whose paths say when they break, such as
// "paint/clip=segv"; other paths are files.
type faulty struct{ files media.Decoder }

// faults are what a decoder may do to its process.
var faults = map[string]func() error{
	"segv":  func() error { return errors.Join(syscall.Kill(os.Getpid(), syscall.SIGSEGV), sleep()) },
	"kill":  func() error { return errors.Join(syscall.Kill(os.Getpid(), syscall.SIGKILL), sleep()) },
	"panic": func() error { panic("a decoder's own fault") },
	"exit":  func() error { os.Exit(7); return nil },
	"stop":  func() error { return errors.Join(syscall.Kill(os.Getpid(), syscall.SIGSTOP), sleep()) },
	"hang":  sleep,
	"heap":  func() error { return errors.Join(eatHeap(), sleep()) },
	"shm":   func() error { return errors.Join(eatShared(), sleep()) },
	"typed": func() error {
		return &media.Error{Path: "x", Op: "clip", Detail: "details", Err: media.ErrTooLarge}
	},
	"none": func() error { return fmt.Errorf("no such thing: %w", fs.ErrNotExist) },
	// The first process that comes by dies, others do not.
	"once": func() error { return nil },
}

func sleep() error { time.Sleep(time.Hour); return nil }

func eatHeap() error {
	var kept [][]byte
	for range 64 {
		b := make([]byte, 64<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
	}
	return fmt.Errorf("%d blocks", len(kept))
}

// eatShared takes memory that the kernel's bound on private memory lets pass.
func eatShared() error {
	for range 40 {
		b, err := unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
		if err != nil {
			return err
		}
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

func (d faulty) Open(ctx context.Context, path string) (media.Video, error) {
	if s, ok := newStill(path); ok {
		return s, nil
	}
	plan, ok := strings.CutPrefix(path, "paint/")
	if !ok {
		return d.files.Open(ctx, path)
	}
	movies := &mediatest.Decoder{Movies: map[string]mediatest.Movie{path: {W: 64, H: 48, Frames: 40}}}
	v, err := movies.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	at, fault, _ := strings.Cut(plan, "=")
	broken := &broken{Video: v, at: at, fault: fault}
	return broken, broken.reach("open")
}

type broken struct {
	media.Video
	at, fault string
}

// reach commits the fault if this is its place.
func (b *broken) reach(at string) error {
	if at != b.at {
		return nil
	}
	if mark, ok := strings.CutPrefix(b.fault, "once:"); ok {
		if os.Mkdir(mark, 0o755) == nil {
			return faults["kill"]()
		}
		return nil
	}
	return faults[b.fault]()
}

func (b *broken) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	if err := b.reach("clip"); err != nil {
		return nil, err
	}
	return b.Video.Clips(ctx, spans...)
}

func (b *broken) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		for f, err := range b.Video.Frames(ctx) {
			if f != nil && f.Index == 20 {
				if err := b.reach("frames"); err != nil {
					yield(nil, err)
					return
				}
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

func (b *broken) Close() error { return errors.Join(b.reach("close"), b.Video.Close()) }

// use opens a video, cuts a clip and reads all frames, and returns the first
// error.
func use(t *testing.T, d media.Decoder, path string) error {
	t.Helper()
	v, err := d.Open(t.Context(), path)
	if err != nil {
		return err
	}
	defer v.Close()
	if _, err := v.Clips(t.Context(), media.Span{Start: 3, N: 8, Stride: 2}); err != nil {
		return err
	}
	n := 0
	for f, err := range v.Frames(t.Context()) {
		if err != nil {
			return err
		}
		if f.Index != n {
			t.Errorf("%s: frame %d comes in place %d", path, f.Index, n)
		}
		n++
	}
	if n != v.Len() {
		t.Errorf("%s: %d frames of %d", path, n, v.Len())
	}
	return v.Close()
}

func TestWorkersThatDieCostTheirFile(t *testing.T) {
	for _, tc := range []struct {
		path  string
		kind  error
		words string
		short bool
	}{
		{"paint/open=segv", media.ErrCrashed, "SIGSEGV", true},
		{"paint/clip=kill", media.ErrCrashed, "signal SIGKILL (killed)", true},
		{"paint/frames=segv", media.ErrCrashed, "set the file aside", false},
		{"paint/clip=panic", media.ErrCrashed, "panic: a decoder's own fault", false},
		{"paint/clip=exit", media.ErrCrashed, "exit status 7", false},
		{"paint/clip=hang", media.ErrTimeout, "did not answer for 1.5s and was killed", true},
		{"paint/open=stop", media.ErrTimeout, "did not answer", false},
		{"paint/frames=hang", media.ErrTimeout, "did not answer", false},
		{"paint/clip=heap", media.ErrTooLarge, "wanted more than", true},
		{"paint/clip=shm", media.ErrTooLarge, "at most 512, and was killed", true},
	} {
		t.Run(tc.path, func(t *testing.T) {
			if testing.Short() && !tc.short {
				t.Skip("short")
			}
			t.Parallel()
			o := Options{Timeout: 500 * time.Millisecond, Grace: time.Second}
			if tc.kind == media.ErrTooLarge {
				o.Timeout = time.Minute // a busy machine takes its time to fill memory
			}
			if strings.HasSuffix(tc.path, "heap") {
				o.Memory = 4 * testMemory // leaves the kernel's bound to be met
			}
			d := isolated(t, o)
			err := use(t, d, tc.path)
			var e *media.Error
			if !errors.Is(err, tc.kind) || !errors.As(err, &e) || e.Path != tc.path || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("error %v, want %v with %q", err, tc.kind, tc.words)
			}
			if err := use(t, d, "paint/never"); err != nil {
				t.Errorf("the next file: %v", err)
			}
		})
	}
}

// TestAKilledWorkerHurtsNobody kills processes whatever their file.
func TestAKilledWorkerHurtsNobody(t *testing.T) {
	d := isolated(t, Options{})
	for _, at := range []string{"open", "clip", "frames", "close"} {
		if err := use(t, d, "paint/"+at+"=once:"+filepath.Join(t.TempDir(), "mark")); err != nil {
			t.Errorf("killed at %s: %v", at, err)
		}
	}
	v, err := d.Open(t.Context(), "paint/never")
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	v.(*video).worker.cmd.Process.Kill() // between two calls
	if _, err := v.Clips(t.Context(), media.Span{N: 4, Stride: 1}); err != nil {
		t.Errorf("killed between calls: %v", err)
	}
	v.Close()
	d.idle[0].cmd.Process.Kill() // while nobody uses it
	<-d.idle[0].gone
	if err := use(t, d, "paint/never"); err != nil {
		t.Errorf("killed while idle: %v", err)
	}
	if s := d.Stats(); s.Died != 6 || s.Killed != 0 {
		t.Errorf("%+v, want 6 that died", s)
	}
}

// TestErrorsKeepTheirKinds makes errors in a worker.
func TestErrorsKeepTheirKinds(t *testing.T) {
	d := isolated(t, Options{})
	err := use(t, d, "paint/clip=typed")
	var e *media.Error
	if !errors.As(err, &e) || *e != (media.Error{Path: "x", Op: "clip", Detail: "details", Err: media.ErrTooLarge}) {
		t.Errorf("%#v", err)
	}
	if err := use(t, d, "paint/frames=none"); !errors.Is(err, fs.ErrNotExist) || err.Error() != "no such thing: file does not exist" {
		t.Errorf("%v", err)
	}
	if err := use(t, d, filepath.Join(t.TempDir(), "\xff none.mp4")); !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &e) || !strings.HasSuffix(e.Path, "\xff none.mp4") {
		t.Errorf("%v", err)
	}
	if s := d.Stats(); s != (Stats{Started: 1}) {
		t.Errorf("%+v: errors ended workers", s)
	}
}
