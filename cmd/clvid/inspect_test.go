package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/configs"
	"github.com/clvid/clvid/internal/sharedtest"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn/checkpoint"
	ct "github.com/clvid/clvid/nn/checkpoint/checkpointtest"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func testTensors() []checkpoint.Tensor {
	return []checkpoint.Tensor{
		{Name: "encoder.conv1.weight", Shape: []int{2, 3}, F32: make([]float32, 6)},
		{Name: "encoder.bn1.running_mean", Shape: []int{2}, F32: make([]float32, 2)},
		{Name: "scale", Shape: nil, F32: []float32{1}},
	}
}

// madeRun is a folder as a run leaves it at step 20, its last line cut short.
func madeRun(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cfg, err := configs.Load(configs.Source{Preset: "weizmann", Sections: sections(), Flags: map[string]any{"data": "videos", "out": dir}})
	if err != nil {
		t.Fatal(err)
	}
	yaml, err := cfg.YAML()
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, configFile), string(yaml))
	writeFile(t, filepath.Join(dir, train.MetricsFile), `{"step":1,"loss":4.08}`+"\n"+`{"step":20,"loss":2.5}`+"\n"+`{"step":21,"lo`)
	writeFile(t, filepath.Join(dir, quarantineFile), `{"path":"a.mp4","reason":"no video stream","stage":"check"}`+"\n"+`{"path":"b.mp4","reason":"corrupt data","stage":"train","in_part":true}`+"\n")
	writeFile(t, filepath.Join(dir, "eval-linear.json"), `{"name":"linear","top1":0.75,"settings":{"k":5},"classes":["a"]}`)
	writeFile(t, filepath.Join(dir, "eval-retrieval.json"), `{"text_to_video":{"r5":0.5,"median_rank":3}}`)
	if err := checkpoint.WriteSafetensors(filepath.Join(dir, train.WeightsFile), testTensors(), map[string]string{"encoder": "r3d-10"}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestInspectRun(t *testing.T) {
	dir := madeRun(t)
	run := jsonOf[runFinding](t, "inspect", dir, "--json")
	if run.Last == nil || run.First.Loss != 4.08 || run.Last.Step != 20 || run.Logged != 2 || run.SetAside != 1 || run.InPart != 1 ||
		run.Evals["linear"]["top1"] != .75 || run.Evals["retrieval"]["text_to_video.median_rank"] != 3. || run.Settings["batch"] != 30. {
		t.Errorf("%+v", run)
	}
	text := mustRun(t, "inspect", dir)
	for _, want := range []string{"task            clip-pairs", "4.080 at step 1, 2.500 at step 20", "no checkpoint yet", "top1 75.0 %",
		"text_to_video.median_rank 3, text_to_video.r5 50.0 %", "1 set aside, 1 used in part", "  set aside     a.mp4", "  used in part  b.mp4"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	writeFile(t, filepath.Join(dir, configFile), "stepz: 3\n")
	if _, stderr, status := clvid(t, "inspect", dir); status != exitError || !strings.Contains(stderr, `unknown key stepz (did you mean "steps"?)`) {
		t.Errorf("a broken config.yaml: status %d, %s", status, stderr)
	}
}

func TestInspectTensors(t *testing.T) {
	path := filepath.Join(madeRun(t), train.WeightsFile)
	found := jsonOf[tensorsFinding](t, "inspect", path, "--json")
	if found.Values != 9 || found.Parameters != 7 || len(found.Tensors) != 3 || found.Metadata["encoder"] != "r3d-10" {
		t.Errorf("%+v", found)
	}
	text := mustRun(t, "inspect", path)
	for _, want := range []string{"3 with 9 values, 7 of them trained parameters", "encoder  r3d-10", "F32   2 x 3", "F32   scalar"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// What a file is follows from its content: names tell nothing here.
func TestInspectCheckpointsOfOthers(t *testing.T) {
	dir := t.TempDir()
	w := ct.Tensor{Storage: ct.Floats(1, 2, 3), Shape: []int{3}}
	ct.Write(t, filepath.Join(dir, "moco.dat"), ct.Dict{"epoch", 200, "state_dict", ct.Dict{"module.encoder_q.conv1.weight", w}})
	for name, want := range map[string][]string{
		"moco.dat": {"PyTorch zip, ", "1 with 3 values, 3 of them trained", "epoch    200", "state_dict.module.encoder_q.conv1.weight  F32   3"},
	} {
		text := mustRun(t, "inspect", filepath.Join(dir, name))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", name, w, text)
			}
		}
	}
	hf := filepath.Join(dir, "folder")
	if err := os.Mkdir(hf, 0o755); err != nil {
		t.Fatal(err)
	}
	ct.Write(t, filepath.Join(hf, "pytorch_model.bin"), ct.Dict{"bert.pooler.dense.bias", w})
	writeFile(t, filepath.Join(hf, "config.json"), `{"model_type":"bert"}`)
	found := jsonOf[tensorsFinding](t, "inspect", hf, "--json")
	if found.Format != checkpoint.HuggingFace || found.Metadata["model_type"] != "bert" || len(found.Tensors) != 1 || found.Tensors[0].Name != "bert.pooler.dense.bias" || found.Bytes < 100 {
		t.Errorf("%+v", found)
	}
	evil := filepath.Join(dir, "evil.pth")
	ct.Write(t, evil, ct.Call{Module: "posix", Name: "system", Args: []any{"touch " + filepath.Join(dir, "ran")}})
	if _, stderr, status := clvid(t, "inspect", evil); status != exitError || !strings.Contains(stderr, "it holds a posix.system; reading runs no code") {
		t.Errorf("code in a pickle: status %d, %s", status, stderr)
	}
}

func TestInspectVideos(t *testing.T) {
	shared := sharedtest.Dir(t)
	for name, want := range map[string][]string{
		"clips/bt601_full_range.mp4": {"codec      h264", "picture    320 x 240\n", "frames     60 at 30 per second, 2s", "bt601, full range", "none in 60 frames"},
		"hostile/video_90.mov":       {"turned upright by 90°", "none in 3 frames"},
	} {
		text := mustRun(t, "inspect", "--check", filepath.Join(shared, "data", name))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in\n%s", name, w, text)
			}
		}
	}
	damaged := filepath.Join(shared, "data/hostile/bitflips.mp4")
	out, stderr, status := clvid(t, "inspect", "--check", damaged)
	if status != exitError || !strings.Contains(stderr, "is damaged: 37 of 89 frames are sound") {
		t.Errorf("a damaged file: status %d, %s", status, stderr)
	}
	for _, want := range []string{"saved      37 of 89 frames are sound; 47 are marked, 5 did not come out", "damaged    frame 36 (1.440 s): the bitstream is damaged", "read       up to byte"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if _, stderr, status := clvid(t, "inspect", filepath.Join(shared, "data/hostile/zero_bytes.mp4")); status != exitError || !strings.Contains(stderr, "zero_bytes.mp4") {
		t.Errorf("an empty file: status %d, %s", status, stderr)
	}
}

// TestInspectCheckOfASet decodes all files of a folder.
func TestInspectCheckOfASet(t *testing.T) {
	dir, shared := t.TempDir(), sharedtest.Dir(t)
	for _, name := range []string{"no_extension", "bitflips.mp4", "truncated_faststart.mp4", "zero_bytes.mp4"} {
		copyFile(t, filepath.Join(shared, "data/hostile", name), filepath.Join(dir, strings.TrimSuffix(name, ".mp4")+".mp4"))
	}
	out, stderr, status := clvid(t, "inspect", "--check", dir)
	if status != exitError || !strings.Contains(stderr, "3 of 4 files are broken") {
		t.Errorf("status %d, %s", status, stderr)
	}
	for _, want := range []string{"3 of 4 files are broken: 2 set aside, 1 used in part", "37 of 89 sound; frame 36", "44 of 89 sound; frames 44 to 88", "the file is empty"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for line := range strings.Lines(out) {
		if n := len([]rune(line)); n > screenColumns+1 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	if err := os.Remove(filepath.Join(dir, "zero_bytes.mp4")); err != nil {
		t.Fatal(err)
	}
	out, _, status = clvid(t, "inspect", "--check", "--json", dir)
	var found setFinding
	if err := json.Unmarshal([]byte(out), &found); err != nil || status != exitError || len(found.Broken) != 2 || found.Broken[0].Damage.Sound != 37 {
		t.Errorf("status %d, %v, %s", status, err, out)
	}
}
