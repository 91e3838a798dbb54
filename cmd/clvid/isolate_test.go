package main

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/train"
)

// faulty kills its process where the name of a file says so: crash-open always,
// crash-frames when it is decoded whole, and once-clip at its first clip.
type faulty struct{ media.Decoder }

func die() {
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	time.Sleep(time.Hour)
}

func (d faulty) Open(ctx context.Context, path string) (media.Video, error) {
	if strings.Contains(path, "crash-open") {
		die()
	}
	v, err := d.Decoder.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	return fragile{v, path}, nil
}

type fragile struct {
	media.Video
	path string
}

func (f fragile) Clips(ctx context.Context, spans ...media.Span) ([]*media.Clip, error) {
	if strings.Contains(f.path, "once-clip") && os.Mkdir(f.path+".met", 0o755) == nil {
		die()
	}
	return f.Video.Clips(ctx, spans...)
}

func (f fragile) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	if strings.Contains(f.path, "crash-frames") {
		die()
	}
	return f.Video.Frames(ctx)
}

// isolatedSet is a set of good videos, and one with files among them that kill
// their decoder.
func isolatedSet(t *testing.T) (clean, mixed string) {
	t.Helper()
	from := filepath.Join(videos(t), "unlabelled")
	clean, mixed = filepath.Join(t.TempDir(), "clean"), filepath.Join(t.TempDir(), "mixed")
	names, err := filepath.Glob(filepath.Join(from, "*.mp4"))
	if err != nil || len(names) < 8 {
		t.Fatalf("%d videos in %s: %v", len(names), from, err)
	}
	for _, dir := range []string{clean, mixed} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range names[:8] {
		for _, dir := range []string{clean, mixed} {
			copyFile(t, name, filepath.Join(dir, fmt.Sprintf("v%d-once-clip.mp4", i)))
		}
	}
	copyFile(t, names[0], filepath.Join(mixed, "v2-crash-open.mp4"))
	copyFile(t, names[1], filepath.Join(mixed, "v5-crash-frames.mp4"))
	return clean, mixed
}

// TestIsolatedRunSurvives trains while every video kills a process once, and
// two kill every process that reads them: the weights are those of a run that
// never had the two.
func TestIsolatedRunSurvives(t *testing.T) {
	clean, mixed := isolatedSet(t)
	var weights [][]byte
	for _, args := range [][]string{{"--data", clean}, {"--data", mixed, "--isolate", "--set", "decode.cache=off", "--set", "max_bad=0.5", "--workers", "2"}} {
		out := filepath.Join(t.TempDir(), "run")
		got := jsonOf[outcome](t, withTiny(append([]string{"pretrain", "--task", "clip-pairs", "--out", out, "--steps", "4", "--json"}, args...)...)...)
		weights = append(weights, read(t, out, train.WeightsFile))
		for _, bad := range got.SetAside {
			if !strings.Contains(bad.Path, "crash-") || !strings.Contains(bad.Reason, "decoder crashed") || !strings.Contains(bad.Reason, "SIGKILL") {
				t.Errorf("set aside: %+v", bad)
			}
		}
		if want := strings.Count(strings.Join(args, " "), "--isolate") * 2; len(got.SetAside) != want {
			t.Errorf("%d files set aside, want %d: %+v", len(got.SetAside), want, got.SetAside)
		}
	}
	if !bytes.Equal(weights[0], weights[1]) {
		t.Error("processes that died changed the weights")
	}
	if met, _ := filepath.Glob(filepath.Join(mixed, "*.met")); len(met) < 4 {
		t.Errorf("%d videos killed a process at their first clip: the test shows little", len(met))
	}
}

func TestInspectIsolated(t *testing.T) {
	_, mixed := isolatedSet(t)
	good := filepath.Join(mixed, "v0-once-clip.mp4")
	if a, b := mustRun(t, "inspect", "--check", good), mustRun(t, "inspect", "--check", "--isolate", good); a != b {
		t.Errorf("isolated:\n%s\nin this process:\n%s", b, a)
	}
	_, stderr, status := clvid(t, "inspect", "--isolate", filepath.Join(mixed, "v2-crash-open.mp4"))
	if status != exitError || !strings.Contains(stderr, "decoder crashed") || !strings.Contains(stderr, "SIGKILL") {
		t.Errorf("status %d: %s", status, stderr)
	}
}

func TestDecodeWorkerIsHidden(t *testing.T) {
	if help := mustRun(t, "--help"); strings.Contains(help, decodeWorker) {
		t.Errorf("the help shows %s", decodeWorker)
	}
	if _, _, status := clvid(t, decodeWorker, "{"); status != exitUsage {
		t.Errorf("status %d for broken settings", status)
	}
	if _, stderr, status := clvid(t, "preview", "--set", "decode.worker_mb=1"); status == exitOK || !strings.Contains(stderr, "decode.worker_mb is 1 MB") {
		t.Errorf("status %d: %s", status, stderr)
	}
}
