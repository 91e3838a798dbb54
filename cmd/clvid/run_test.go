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
	"github.com/clvid/clvid/media/isolate"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/methods/train"
)

// TestMain lets this test binary be the program, for tests that kill it, and a
// decoding process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == decodeWorker {
		fmt.Fprintln(os.Stderr, isolate.Work(faulty{newDecoder(configs.DefaultDecode())}, 0))
		os.Exit(1)
	}
	if os.Getenv("TEST_AS_PROGRAM") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// tiny are settings under which a step takes milliseconds.
var tiny = []string{
	"--threads", "1", "--set", "batch=4", "--set", "encoder_options.width=4", "--set", "encoder_options.pool=true",
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
			if got.Steps != 3 || !got.Finished || got.SetAside == nil || got.Videos != 12 || !(got.Loss > 0) || got.PeakRSSBytes < 1<<20 {
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
		{"knn", []string{"eval", "knn", dir, "--clips", "2", "--crops", "3"}},
		{"linear", []string{"eval", "linear", dir, "--labels-per-class", "1", "--draws", "3"}},
		{"linear", withTiny("eval", "linear", "--untrained", "--encoder", "r3d-10", "--seed", "3", "--data", data)},
		{"finetune", []string{"finetune", dir, "--steps", "2", "--crops", "3", "--set", "media.sampler=uniform"}},
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

// TestRefusedResumesWriteNothing: what does not belong to a run must not touch it.
func TestRefusedResumesWriteNothing(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	mustRun(t, withTiny("pretrain", "--task", "video-text", "--method", "clip", "--data", data, "--out", dir, "--steps", "2")...)
	snapshot := func() string {
		all := ""
		for _, name := range []string{configFile, vocabularyFile, train.StateFile, train.WeightsFile, train.MetricsFile} {
			all += string(read(t, dir, name))
		}
		return all
	}
	before := snapshot()
	csv := filepath.Join(data, "clips.csv")
	original := read(t, csv)
	for _, tc := range []struct {
		args  []string
		csv   []byte
		wants string
	}{
		{withTiny("pretrain", "--task", "video-text", "--method", "clip", "--data", data, "--out", dir, "--steps", "3", "--resume"), original, "steps: 2, now 3"},
		{withTiny("pretrain", "--task", "clip-pairs", "--method", "simclr", "--data", data, "--out", dir, "--steps", "2", "--resume"), original, "task: video-text, now clip-pairs"},
		{withTiny("finetune", "--data", data, "--out", dir, "--steps", "2"), original, "holds a run"},
		{withTiny("finetune", "--data", data, "--out", dir, "--steps", "2", "--resume"), original, "other settings"},
		{[]string{"finetune", dir, "--out", dir, "--resume", "--steps", "2"}, original, ""},
	} {
		_, errs, status := clvid(t, tc.args...)
		if tc.wants == "" {
			if status != exitOK {
				t.Errorf("%v: status %d: %s", tc.args[:3], status, errs)
			}
		} else if status == exitOK || !strings.Contains(errs, tc.wants) {
			t.Errorf("%v: status %d, want an error that says %q: %s", tc.args[:3], status, tc.wants, errs)
		}
		if snapshot() != before {
			t.Fatalf("%v changed the run", tc.args)
		}
	}
}

// TestResumeKeepsItsVideos loses a video between kill and resume, and finds
// captions changed.
func TestResumeKeepsItsVideos(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	args := withTiny("pretrain", "--task", "clip-pairs", "--data", data, "--out", dir, "--steps", "100", "--checkpoint-every", "1", "--resume")
	p := program(t, args...)
	waitForSteps(t, filepath.Join(dir, train.MetricsFile), 2)
	p.kill(t)
	paths, err := filepath.Glob(filepath.Join(data, "videos", "unlabelled", "*.mp4"))
	if err != nil || len(paths) == 0 {
		paths, err = filepath.Glob(filepath.Join(data, "*", "*.mp4"))
	}
	if err != nil || len(paths) == 0 {
		t.Fatalf("no videos in %s: %v", data, err)
	}
	lost := ""
	for _, path := range paths {
		if strings.Contains(path, "unlabelled") {
			lost = path
		}
	}
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	got := jsonOf[outcome](t, append(args, "--json")...)
	if len(got.SetAside) != 1 || got.SetAside[0].Stage != "train" || got.SetAside[0].Path != lost {
		t.Errorf("set aside %+v, want %s while training", got.SetAside, lost)
	}
}

// TestFoldersOfClasses evaluates on a set that has no splits of its own.
func TestFoldersOfClasses(t *testing.T) {
	data, byClass, dir := videos(t), t.TempDir(), filepath.Join(t.TempDir(), "run")
	n := 0
	err := filepath.WalkDir(data, func(path string, e os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".mp4" {
			return err
		}
		n++
		class := filepath.Join(byClass, fmt.Sprintf("class%d", n%3))
		if err := os.MkdirAll(class, 0o755); err != nil {
			return err
		}
		copyFile(t, path, filepath.Join(class, fmt.Sprintf("%02d.mp4", n)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustRun(t, withTiny("pretrain", "--data", byClass, "--out", dir, "--steps", "1")...)
	r := jsonOf[eval.Report](t, "eval", "linear", dir, "--json")
	if len(r.Classes) != 3 || !slices.Contains(r.Notes, heldOutNote) {
		t.Errorf("classes %v, notes %v", r.Classes, r.Notes)
	}
}

// TestSettingsAboveARun: what a user sets counts, from whatever source.
func TestSettingsAboveARun(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	mustRun(t, withTiny("pretrain", "--data", data, "--out", dir, "--steps", "1")...)
	file := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(file, []byte("eval: {clips: 1}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := jsonOf[eval.Report](t, "eval", "knn", dir, "--config", file, "--set", "split=train", "--json")
	if r.Settings["clips"] != 1. || r.Settings["frames"] != 4. || r.Settings["test_videos"] != 20. {
		t.Errorf("settings %v, want 1 clip of the file, 4 frames of the run, 20 videos of split train", r.Settings)
	}
	ft := jsonOf[eval.Report](t, "finetune", dir, "--set", "steps=2", "--set", "optimizer.lr=0.5", "--set", "batch=3", "--json")
	if ft.Settings["steps"] != 2. || ft.Settings["lr"] != .5 || ft.Settings["batch"] != 3. {
		t.Errorf("settings %v, want 2 steps of 3 at 0.5", ft.Settings)
	}
}

// TestBrokenFilesLeaveTheResult trains on 60 videos, 5 of them broken, and on the
// others alone.
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

// brokenFiles lists files of which less than half can be decoded.
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
		if !reports[0].Usable(configs.Default(nil).MinSound) {
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
	kills, tries := 0, 0
	for ; kills < 20 && tries < 60; tries++ {
		p := program(t, args(killed)...)
		time.Sleep(time.Duration(rng.Int64N(int64(length / 6))))
		if p.kill(t) {
			kills++
		}
	}
	program(t, args(killed)...).mustFinish(t)
	t.Logf("%d kills in %d tries; a whole run takes %v", kills, tries, length.Round(time.Millisecond))
	if kills < 20 {
		t.Errorf("only %d kills hit a running program", kills)
	}
	sameRuns(t, whole, killed)
}

// sameRuns compares all of two runs that must not differ.
func sameRuns(t *testing.T, a, b string) {
	t.Helper()
	if !bytes.Equal(read(t, a, train.WeightsFile), read(t, b, train.WeightsFile)) {
		t.Error("the weights differ")
	}
	if !slices.Equal(metricsOf(t, a), metricsOf(t, b)) {
		t.Error("the metrics differ")
	}
}

// metricsOf lists the lines of a run's metrics without the measured times.
func metricsOf(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	for line := range strings.Lines(string(read(t, dir, train.MetricsFile))) {
		before, _, _ := strings.Cut(line, `"seconds"`)
		out = append(out, before)
	}
	return out
}

// TestSignalWritesACheckpoint interrupts a run twice and resumes it to its end.
func TestSignalWritesACheckpoint(t *testing.T) {
	data, whole, dir := videos(t), filepath.Join(t.TempDir(), "whole"), filepath.Join(t.TempDir(), "run")
	args := func(out string) []string {
		return withTiny("pretrain", "--data", data, "--out", out, "--steps", "300", "--checkpoint-every", "1000000", "--resume")
	}
	mustRun(t, args(whole)...)
	before := 0
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		p := program(t, args(dir)...)
		waitForSteps(t, filepath.Join(dir, train.MetricsFile), before+2)
		if err := p.cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		err := p.cmd.Wait()
		if p.cmd.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(p.stderr.String(), "continue with --resume") {
			t.Fatalf("%v: %v, status %d\n%s", sig, err, p.cmd.ProcessState.ExitCode(), p.stderr.String())
		}
		step, _, err := train.SavedStep(dir)
		if err != nil || step <= before {
			t.Fatalf("%v: checkpoint at step %d after %d, %v", sig, step, before, err)
		}
		before = step
	}
	mustRun(t, args(dir)...)
	sameRuns(t, whole, dir)
}

func waitForSteps(t *testing.T, path string, steps int) {
	t.Helper()
	for range 6000 {
		if data, err := os.ReadFile(path); err == nil && bytes.Count(data, []byte("\n")) >= steps {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal("no step in 30 seconds")
}

// process is the program under way.
type process struct {
	cmd    *exec.Cmd
	stderr *bytes.Buffer
}

func program(t testing.TB, args ...string) *process {
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

func (p *process) mustFinish(t testing.TB) {
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
