package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/media/prepare"
)

// sums are the checksums of all files below a folder, but for the report, whose
// times differ.
func sums(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == prepare.ReportName {
			return err
		}
		data, err := os.ReadFile(path)
		fmt.Fprintf(&out, "%s %x\n", strings.TrimPrefix(path, dir), sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPrepare makes a small set of a real one, and trains on it.
func TestPrepare(t *testing.T) {
	data := filepath.Join(sharedtest.Dir(t), "data/actions/weizmann")
	dir := filepath.Join(t.TempDir(), "small")
	args := []string{"prepare", data, "--out", dir, "--where", "subject=daria", "--side", "64", "--json"}
	made := jsonOf[prepare.Report](t, args...)
	if made.Videos != 10 || made.Kept != 0 || len(made.Failures) > 0 || made.Speed == nil || made.OutputBytes == 0 {
		t.Errorf("%+v", made)
	}
	first := sums(t, dir)
	if again := jsonOf[prepare.Report](t, args...); again.Kept != 10 || again.Frames != made.Frames {
		t.Errorf("%+v", again)
	}
	if again := sums(t, dir); again != first {
		t.Errorf("a second run changes files:\n%s\n%s", first, again)
	}
	set := jsonOf[setFinding](t, "inspect", dir, "--json")
	if set.Videos != 10 || len(set.Classes) != 10 || set.Splits["train"] != 10 {
		t.Errorf("%+v", set)
	}
	video := jsonOf[videoFinding](t, "inspect", filepath.Join(dir, "videos/walk/daria_walk.mp4"), "--check", "--json")
	if video.Codec != "h264" || video.Width != 80 || video.Height != 64 || video.Damage != "" {
		t.Errorf("%+v", video)
	}
	run := filepath.Join(t.TempDir(), "run")
	mustRun(t, withTiny("pretrain", "--data", dir, "--out", run, "--steps", "1")...)
}

// A run that is killed at any time goes on, and ends with the same bytes.
func TestPrepareSurvivesKills(t *testing.T) {
	if testing.Short() {
		t.Skip("kills many runs")
	}
	data := filepath.Join(sharedtest.Dir(t), "data/actions/weizmann")
	args := func(dir string) []string {
		return []string{"prepare", data, "--out", dir, "--where", "label=jack", "--to", "tar", "--shard-mb", "1"}
	}
	whole := filepath.Join(t.TempDir(), "whole")
	mustRun(t, append(args(whole), "--workers", "1")...)
	dir := filepath.Join(t.TempDir(), "killed")
	kills := 0
	for wait := 50 * time.Millisecond; ; wait += 50 * time.Millisecond {
		p := program(t, args(dir)...)
		time.Sleep(wait)
		if !p.kill(t) {
			break
		}
		kills++
	}
	if kills == 0 {
		t.Error("no run was killed")
	}
	if found := jsonOf[setFinding](t, "inspect", dir, "--json"); found.Videos != 9 {
		t.Errorf("%+v", found)
	}
	if a, b := sums(t, whole), sums(t, dir); a != b {
		t.Errorf("after %d kills files differ:\n%s\n%s", kills, a, b)
	}
}

// Codecs, sizes as they are, and inputs that cannot be decoded.
func TestPrepareOfOddFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("decodes and encodes seven files")
	}
	shared := filepath.Join(sharedtest.Dir(t), "data")
	data := t.TempDir()
	for _, name := range []string{"clips/realshort.mp4", "clips/isl_hello.gif", "hostile/vfr.mp4", "hostile/video_90.mov", "hostile/corrupted.mp4", "hostile/zero_bytes.mp4", "hostile/testsrc2_odd_height_444.mp4"} {
		if err := os.Symlink(filepath.Join(shared, name), filepath.Join(data, filepath.Base(name))); err != nil {
			t.Fatal(err)
		}
	}
	for codec, ending := range map[string]string{"h264": ".mp4", "mpeg4": ".mp4", "ffv1": ".mkv"} {
		dir := filepath.Join(t.TempDir(), codec)
		got := jsonOf[prepare.Report](t, "prepare", data, "--out", dir, "--side", "0", "--codec", codec, "--set", "max_bad=0.5", "--json")
		if got.WithSound != 1 { // realshort.mp4
			t.Errorf("%s: %d inputs with sound", codec, got.WithSound)
		}
		if got.Videos != 6 || len(got.Failures) != 1 || len(got.Damaged) != 1 || !strings.Contains(got.Failures[0].Path, "zero_bytes") {
			t.Errorf("%s: %+v", codec, got)
		}
		video := jsonOf[videoFinding](t, "inspect", filepath.Join(dir, "videos/realshort"+ending), "--check", "--json")
		if video.Codec != codec || video.Width != 320 || video.Height != 240 || video.Frames != 36 || video.Damage != "" {
			t.Errorf("%+v", video)
		}
	}
	if _, errs, status := clvid(t, "prepare", data, "--out", t.TempDir(), "--set", "max_bad=0", "--codec", "mpeg4", "--side", "32"); status != exitError || !strings.Contains(errs, "1 of 7 files are bad") {
		t.Errorf("status %d, %s", status, errs)
	}
}

func TestPrepareErrors(t *testing.T) {
	for args, want := range map[string]string{
		"":                        "clvid prepare: 0 arguments, want one: a data set",
		"x":                       "--out is needed: FOLDER of the new set",
		"x --out y --side 3":      "side is 3 pixels, want 16",
		"x --out y --codec vp9":   `codec "vp9": want h264, mpeg4 or ffv1`,
		"x --out y --to zip":      `to is "zip", want one of`,
		"x --out y --crf 99":      "quality 99 of h264: want 1 (best) to 51",
		"x --out y --preset warp": `preset "warp": want one of ultrafast`,
		"x --out y --format zip":  `dataset.format is "zip"`,
		"CLIPS --out y --split z": `has no split "z"`,
	} {
		args = strings.ReplaceAll(args, "CLIPS", filepath.Join(sharedtest.Dir(t), "data/clips"))
		if _, errs, status := clvid(t, append([]string{"prepare"}, strings.Fields(args)...)...); status != exitUsage || !strings.Contains(errs, want) {
			t.Errorf("%s: status %d, %s; want %q", args, status, errs, want)
		}
	}
}

// Settings that change pictures are part of what an output is known by.
func TestPictureSettings(t *testing.T) {
	d := configs.DefaultDecode()
	d.Threads, d.CacheMB, d.Timeout, d.Isolate = d.Threads+1, d.CacheMB+1, 2*d.Timeout, !d.Isolate
	if got := pictureSettings(d); got != "" {
		t.Errorf("harmless settings are named: %q", got)
	}
	d.Strict, d.Pixels = true, 1000
	if got := pictureSettings(d); got != ", decode.pixels=1000, decode.strict=true" {
		t.Errorf("got %q", got)
	}
}

// A long list of problems is cut, and the report named that has all.
func TestShowPrepared(t *testing.T) {
	r := &prepare.Report{Out: "small", Videos: 4, Damaged: []prepare.Problem{{Path: "in/d.mp4", Frames: 3, Of: 9, Reason: "corrupt data: 3 of 9 frames are sound"}}}
	for i := range 25 {
		r.Failures = append(r.Failures, prepare.Problem{Path: fmt.Sprintf("in/f%d.mp4", i), Reason: "no frames"})
	}
	var out strings.Builder
	if err := showPrepared(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"26 of 29 files are broken: 25 set aside, 1 used in part\n", "  set aside     f0.mp4   no frames\n", "f19.mp4", "  and 6 more\n",
		"failed    25, and 1 damaged; all in small/prepare.json\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	r.Failures, out = nil, strings.Builder{}
	if err := showPrepared(&out, r); err != nil || !strings.Contains(out.String(), "  used in part  d.mp4  corrupt data: 3 of 9 frames are sound\n") {
		t.Errorf("%v, %s", err, out.String())
	}
}
