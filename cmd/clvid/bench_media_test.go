package main

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/methods/bench"
)

func TestBenchDecode(t *testing.T) {
	args := []string{"bench", "decode", filepath.Join(sharedtest.Dir(t), "data", "clips", "carphone.mp4"), "--clips", "3", "--frames", "4", "--size", "32", "--views", "2", "--seed", "5"}
	r := jsonOf[bench.DecodeReport](t, append(args, "--json")...)
	if r.Clips != 3 || len(r.Passes) != 2 || len(r.Passes[1].Spans) != 1 || r.ClipsPerSecond <= 0 || r.PeakRSSBytes <= 0 {
		t.Errorf("report %+v", r)
	}
	if r.FramesDecoded < 3*4 {
		t.Errorf("%d frames decoded, fewer than the clips hold", r.FramesDecoded)
	}
	again := jsonOf[bench.DecodeReport](t, append(args, "--json", "--reopen")...)
	for i, p := range again.Passes {
		if !reflect.DeepEqual(p.Spans, r.Passes[i].Spans) || !slices.Equal(p.Crops, r.Passes[i].Crops) {
			t.Errorf("pass %d: %+v, before %+v", i, p, r.Passes[i])
		}
	}
	wants(t, mustRun(t, args...), "clips/s", "ms a clip", "h264, 176 x 144", "3 of 4 frames, stride 2, 2 in a pass, to 32 x 32")
}

func TestBenchLoader(t *testing.T) {
	args := strings.Fields("--task clip-pairs --batch 2 --steps 3 --workers 2 --set media.size=16")
	args = append([]string{"bench", "loader", filepath.Join(sharedtest.Dir(t), "data", "clips", "carphone.mp4")}, args...)
	r := jsonOf[bench.LoadReport](t, append(args, "--json")...)
	if r.Clips != 3*2*2 || len(r.Epochs) != 3 || r.FramesDecoded == 0 || r.PeakRSSBytes < r.RSS[0] || len(r.RSS) != 3 {
		t.Errorf("report %+v", r)
	}
	wants(t, mustRun(t, args...), "clips/s", "3 of 2 videos", "epoch 2", "MB at the peak")
}

func TestBenchMediaRefuses(t *testing.T) {
	for want, args := range map[string]string{
		"want at least 1 each":   "bench decode a.mp4 --clips 0",
		"want 1 to 1024 each":    "bench decode a.mp4 --size 4096",
		"want one: a video file": "bench decode",
		"a data set, or video":   "bench loader",
		"make no batch of 8":     "bench loader a.mp4 b.mp4 --epochs 1 --batch 8 --set optimizer.accumulate=2",
		"no such file":           "bench loader missing.mp4",
		"unknown pretext task":   "bench loader a.mp4 b.mp4 --task nothing",
	} {
		if _, stderr, code := clvid(t, strings.Fields(args)...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q, want %q", args, code, stderr, want)
		}
	}
}

// A second epoch from the cache decodes nothing, wherever that is, and the side
// changes what a run is.
func TestBenchLoaderCaches(t *testing.T) {
	video := filepath.Join(sharedtest.Dir(t), "data", "clips", "carphone.mp4")
	args := strings.Fields("bench loader --task clip-pairs --batch 1 --epochs 3 --workers 1 --set media.size=16 --set decode.cache_side=64 --json")
	for _, cache := range []string{"off", "memory", "disk"} {
		dir := t.TempDir()
		r := jsonOf[bench.LoadReport](t, append(args, video, "--set", "decode.cache="+cache, "--set", "decode.cache_dir="+dir)...)
		const frames = 120
		if (r.FramesDecoded == frames) != (cache != "off") {
			t.Errorf("cache %s: %d frames decoded", cache, r.FramesDecoded)
		}
		if files, _ := filepath.Glob(filepath.Join(dir, "*.frames")); len(files) > 0 != (cache == "disk") {
			t.Errorf("cache %s: files %v", cache, files)
		}
	}
	for want, setting := range map[string]string{
		`decode.cache is "ram", want off, memory or disk`: "decode.cache=ram",
		`decode.deinterlace is "yes", want one of`:        "decode.deinterlace=yes",
		`decode.tonemap is "on", want one of [off hable`:  "decode.tonemap=on",
		"decode.threads is 0, want 1 to 16":               "decode.threads=0",
		"decode.open_files is 999, want 0 to 256":         "decode.open_files=999",
		"decode.cache_side is 63 pixels, want an even":    "decode.cache_side=63",
		"not a directory": "decode.cache_dir=" + video,
	} {
		if _, stderr, code := clvid(t, append(args, video, "--set", "decode.cache=disk", "--set", setting)...); code == 0 || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q", setting, code, stderr)
		}
	}
}
