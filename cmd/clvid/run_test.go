package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/methods/train"
)

// TestMain lets this test binary be the program, for tests that kill it.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_PROGRAM") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// tiny are settings under which a step takes milliseconds.
var tiny = []string{
	"--batch", "4", "--threads", "1", "--set", "encoder_options.width=4", "--set", "encoder_options.pool=true",
	"--set", "media.frames=4", "--set", "media.size=32", "--set", "projector.hidden=16", "--set", "projector.out=8",
	"--set", "text.dim=8", "--set", "text.hidden=8", "--set", "text.out=8", "--set", "moco.queue_size=10",
	"--set", "eval.clips=2", "--set", "eval.batch=8",
}

func withTiny(args ...string) []string { return append(slices.Clone(args), tiny...) }

// videos makes a small set.
func videos(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "videos")
	mustRun(t, "synth", "--out", dir, "--unlabelled", "12", "--train", "20", "--test", "10", "--size", "32", "--frames", "10", "--codec", "mpeg4")
	return dir
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRunsOfEveryTask trains, evaluates and fine-tunes as a user would.
func TestRunsOfEveryTask(t *testing.T) {
	data := videos(t)
	for _, task := range []string{"frame-order", "clip-pairs", "clip-pairs=1,frame-order=0.5"} {
		for _, method := range []string{"simclr", "moco-v2"} {
			if method == "moco-v2" && strings.Contains(task, ",") {
				continue // both parts contrast, and there is one queue
			}
			dir := filepath.Join(t.TempDir(), "run")
			got := jsonOf[outcome](t, withTiny("pretrain", "--task", task, "--method", method, "--data", data, "--out", dir, "--steps", "3", "--json")...)
			if got.Steps != 3 || got.Videos != 12 || !(got.Loss > 0) || got.PeakRSSBytes < 1<<20 {
				t.Errorf("%s by %s: %+v", task, method, got)
			}
			for _, name := range []string{configFile, train.MetricsFile, train.WeightsFile, train.StateFile, quarantineFile} {
				if !exists(filepath.Join(dir, name)) {
					t.Errorf("%s by %s: no %s in the run", task, method, name)
				}
			}
			if lines := bytes.Count(read(t, dir, train.MetricsFile), []byte("\n")); lines != 3 {
				t.Errorf("%s by %s: %d lines of metrics, want 3", task, method, lines)
			}
		}
	}
}

func TestEvaluations(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	mustRun(t, withTiny("pretrain", "--data", data, "--out", dir, "--epochs", "1")...)
	for _, tc := range []struct {
		name string
		args []string
	}{
		{"knn", []string{"eval", "knn", dir}},
		{"linear", []string{"eval", "linear", dir, "--labels-per-class", "1", "--draws", "3"}},
		{"linear", withTiny("eval", "linear", "--untrained", "--encoder", "r3d-10", "--seed", "3", "--data", data)},
		{"finetune", []string{"finetune", dir, "--steps", "2"}},
		{"finetune", withTiny("finetune", "--task", "action-recognition", "--data", data, "--steps", "2", "--labels-per-class", "1", "--draws", "2")},
	} {
		t.Run(strings.Join(tc.args[:3], " "), func(t *testing.T) {
			r := jsonOf[eval.Report](t, append(tc.args, "--json")...)
			videos := 0
			for _, c := range r.PerClass {
				videos += c.Count
			}
			draws := max(1, len(r.Draws))
			if r.Name != tc.name || len(r.Classes) != 10 || videos != 10*draws || r.Top5 < r.Top1 || len(r.Settings) == 0 {
				t.Errorf("report %+v", r)
			}
			if slices.Contains(tc.args, dir) && !bytes.Contains(read(t, dir, "eval-"+tc.name+".json"), []byte(`"top1"`)) {
				t.Error("no JSON with top1 in the run")
			}
		})
	}
	if out := mustRun(t, "eval", "knn", dir); !strings.Contains(out, "confusion") || !strings.Contains(out, "bounce") {
		t.Errorf("the table lacks classes or confusion:\n%s", out)
	}
}

func TestRetrieval(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	mustRun(t, withTiny("pretrain", "--task", "video-text", "--method", "clip", "--data", data, "--out", dir, "--steps", "3")...)
	r := jsonOf[eval.RetrievalReport](t, "eval", "retrieval", dir, "--same", "label,colour,shape", "--json")
	if r.Videos != 10 || r.Captions < 1 || r.TextToVideo.R10 != 1 || r.VideoToText.MedianRank < 1 {
		t.Errorf("report %+v", r)
	}
	_, errs, status := clvid(t, "eval", "retrieval", filepath.Dir(dir))
	if status != exitError || !strings.Contains(errs, "holds no run") {
		t.Errorf("a folder without a run: status %d, %s", status, errs)
	}
}

func TestRunsAreNotOverwritten(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	args := withTiny("pretrain", "--data", data, "--out", dir, "--steps", "2")
	mustRun(t, args...)
	before := read(t, dir, train.WeightsFile)
	_, errs, status := clvid(t, args...)
	if status != exitError || !strings.Contains(errs, "holds a run at step 2 of 2: continue it with --resume") {
		t.Errorf("status %d: %s", status, errs)
	}
	if out := mustRun(t, append(args, "--resume")...); !strings.Contains(out, "is finished: 2 steps") {
		t.Errorf("resuming a finished run: %s", out)
	}
	_, errs, status = clvid(t, append(args, "--resume", "--set", "optimizer.lr=0.5")...)
	if status != exitUsage || !strings.Contains(errs, "lr") {
		t.Errorf("resuming with another learning rate: status %d: %s", status, errs)
	}
	if !bytes.Equal(before, read(t, dir, train.WeightsFile)) {
		t.Error("the weights changed")
	}
}

// TestBrokenFilesLeaveTheResult trains on 57 videos, 5 of them broken, and on
// the others alone.
func TestBrokenFilesLeaveTheResult(t *testing.T) {
	hostile := filepath.Join(sharedtest.Dir(t), "data", "hostile")
	clean, mixed := t.TempDir(), t.TempDir()
	data := filepath.Join(t.TempDir(), "videos")
	mustRun(t, "synth", "--out", data, "--unlabelled", "55", "--train", "0", "--test", "0", "--size", "32", "--frames", "8", "--codec", "mpeg4")
	good, err := filepath.Glob(filepath.Join(data, "*", "*.mp4"))
	if err != nil || len(good) != 55 {
		t.Fatalf("%d videos, %v", len(good), err)
	}
	for i, path := range good {
		for _, dir := range []string{clean, mixed} {
			copyFile(t, path, filepath.Join(dir, fmt.Sprintf("v%02d.mp4", i)))
		}
	}
	broken := brokenFiles(t, hostile, 5)
	for i, path := range broken { // between the good ones in order of names
		copyFile(t, path, filepath.Join(mixed, fmt.Sprintf("v%02d-bad%s", 10*i, filepath.Ext(path))))
	}
	var weights [][]byte
	for _, dir := range []string{clean, mixed} {
		out := filepath.Join(t.TempDir(), "run")
		got := jsonOf[outcome](t, withTiny("pretrain", "--task", "clip-pairs", "--data", dir, "--out", out, "--steps", "4", "--json")...)
		weights = append(weights, read(t, out, train.WeightsFile))
		if want := 5; dir == mixed && len(got.SetAside) != want {
			t.Errorf("%d files set aside, want %d: %+v", len(got.SetAside), want, got.SetAside)
		}
		if dir == mixed {
			checkQuarantine(t, filepath.Join(out, quarantineFile))
		}
	}
	if !bytes.Equal(weights[0], weights[1]) {
		t.Error("five broken files changed the weights")
	}
}

// brokenFiles lists files that cannot be decoded whole.
func brokenFiles(t *testing.T, hostile string, n int) []string {
	t.Helper()
	var out []string
	decoder := newDecoder(configs.DefaultDecode())
	entries, err := os.ReadDir(hostile)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(hostile, e.Name())
		if ext := filepath.Ext(path); len(out) >= n || ext != ".mp4" && ext != ".avi" {
			continue
		}
		reports, err := media.Check(t.Context(), decoder, []string{path}, true, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if reports[0].Err != nil {
			out = append(out, path)
		}
	}
	if len(out) < n {
		t.Fatalf("%d broken files in %s, want %d", len(out), hostile, n)
	}
	return out[:n]
}

func checkQuarantine(t *testing.T, path string) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(read(t, path)), []byte("\n"))
	for _, line := range lines {
		var b media.Bad
		if err := json.Unmarshal(line, &b); err != nil || !strings.Contains(b.Path, "-bad") || b.Reason == "" {
			t.Errorf("quarantine line %s: %v", line, err)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines in %s, want 5", len(lines), path)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	if err := os.WriteFile(to, read(t, from), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestKilledAtRandomMoments kills a run 20 times, wherever it is, and resumes
// it each time; it must end as the run that was left alone.
func TestKilledAtRandomMoments(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program 22 times")
	}
	data, whole, killed := videos(t), filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "killed")
	args := func(out string) []string {
		return withTiny("pretrain", "--task", "frame-order", "--method", "moco-v2", "--data", data, "--out", out,
			"--steps", "400", "--checkpoint-every", "7", "--resume", "--set", "decode.cache_mb=0")
	}
	start := time.Now()
	program(t, args(whole)...).mustFinish(t)
	length := time.Since(start)
	rng := rand.New(rand.NewPCG(uint64(start.UnixNano()), 0)) // other moments in each run of the test
	kills := 0
	for range 20 {
		p := program(t, args(killed)...)
		time.Sleep(time.Duration(rng.Int64N(int64(length/5) + int64(50*time.Millisecond))))
		if p.kill(t) {
			kills++
		}
	}
	program(t, args(killed)...).mustFinish(t)
	t.Logf("killed %d times under way; a whole run takes %v", kills, length.Round(time.Millisecond))
	if kills < 3 {
		t.Errorf("only %d of 20 kills hit a running program", kills)
	}
	if !bytes.Equal(read(t, whole, train.WeightsFile), read(t, killed, train.WeightsFile)) {
		t.Error("the killed run ended with other weights")
	}
	if a, b := bytes.Count(read(t, whole, train.MetricsFile), []byte("\n")), bytes.Count(read(t, killed, train.MetricsFile), []byte("\n")); a != b {
		t.Errorf("%d lines of metrics in the killed run, want %d", b, a)
	}
}

// TestSignalWritesACheckpoint interrupts a run and resumes it.
func TestSignalWritesACheckpoint(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	args := withTiny("pretrain", "--data", data, "--out", dir, "--steps", "100000", "--checkpoint-every", "1000000")
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := program(t, append(args, "--resume")...)
		waitForSteps(t, filepath.Join(dir, train.MetricsFile))
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		err := p.cmd.Wait()
		if p.cmd.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(p.stderr.String(), "continue with --resume") {
			t.Fatalf("%v: %v, status %d\n%s", sig, err, p.cmd.ProcessState.ExitCode(), p.stderr.String())
		}
		step, _, err := train.SavedStep(dir)
		if err != nil || step < 1 {
			t.Fatalf("%v: checkpoint at step %d, %v", sig, step, err)
		}
		if err := os.Remove(filepath.Join(dir, train.MetricsFile)); err != nil {
			t.Fatal(err)
		}
	}
}

func waitForSteps(t *testing.T, path string) {
	t.Helper()
	for range 600 {
		if data, err := os.ReadFile(path); err == nil && bytes.Count(data, []byte("\n")) > 2 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("no step in 30 seconds")
}

// process is the program under way.
type process struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

func program(t *testing.T, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.CommandContext(t.Context(), exe, args...), stderr: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), "TEST_AS_PROGRAM=1")
	p.cmd.Stdout, p.cmd.Stderr = io.Discard, p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *process) mustFinish(t *testing.T) {
	t.Helper()
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, p.stderr)
	}
}

// kill ends the program at once and tells whether it was still running. Any
// end but a kill or success is an error.
func (p *process) kill(t *testing.T) bool {
	t.Helper()
	_ = p.cmd.Process.Kill() // it may have ended by itself
	err := p.cmd.Wait()
	if err == nil {
		return false
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Fatalf("%v\n%s", err, p.stderr)
	}
	return true
}
