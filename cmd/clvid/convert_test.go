package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/methods"
	"github.com/clvid/clvid/methods/eval"
	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn/checkpoint"
	ct "github.com/clvid/clvid/nn/checkpoint/checkpointtest"
	"github.com/clvid/clvid/nn/encoder"
)

// stateDict is an r3d-10 of a width, all its weights of a kind at value/10,
// behind a prefix, with what else a state dict holds.
func stateDict(t *testing.T, width int, prefix string, value float32) ct.Dict {
	t.Helper()
	e, err := encoder.Builtin().Lookup("encoder", "r3d-10")
	if err != nil {
		t.Fatal(err)
	}
	wants, err := methods.WantedByEncoder(e, encoder.Config{Width: width, Pool: true}, [4]int{3, 8, 64, 64})
	if err != nil {
		t.Fatal(err)
	}
	var out ct.Dict
	for _, w := range wants {
		n := int(checkpoint.Info{Shape: w.Shape}.Elements())
		s := &ct.Storage{Class: "Float", Size: n}
		for range n {
			s.Data = binary.LittleEndian.AppendUint32(s.Data, math.Float32bits(value/10))
		}
		out = append(out, prefix+w.Name, ct.Tensor{Storage: s, Shape: w.Shape})
	}
	return append(out, prefix+"stem.1.num_batches_tracked", ct.Tensor{Storage: ct.Longs(7)},
		prefix+"fc.weight", ct.Tensor{Storage: ct.Floats(1, 2), Shape: []int{2, 1}})
}

// pth writes a training checkpoint of r3d-10 at width 4.
func pth(t *testing.T, value float32) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkpoint.pth.tar")
	ct.Write(t, path, ct.Dict{"epoch", 3, "state_dict", append(stateDict(t, 4, "module.encoder_q.", value), stateDict(t, 4, "module.encoder_k.", value+1)...)})
	return path
}

var narrow = []string{"--encoder", "r3d-10", "--set", "encoder_options.width=4"}

func TestConvert(t *testing.T) {
	in, out := pth(t, 1), filepath.Join(t.TempDir(), "w.safetensors")
	got := jsonOf[converted](t, append([]string{"convert", in, out, "--json"}, narrow...)...)
	if got.Prefix != "state_dict.module.encoder_q." || len(got.Loaded) != got.Wanted || len(got.Others) != 1 || len(got.Missing) != 0 {
		t.Errorf("%+v", got)
	}
	w := jsonOf[tensorsFinding](t, "inspect", out, "--json")
	for key, want := range map[string]string{"encoder": "r3d-10", "encoder_width": "4", "encoder_table_time": "16", "source": "checkpoint.pth.tar",
		"source_format": "PyTorch zip", "format": "clvid"} {
		if w.Metadata[key] != want {
			t.Errorf("%s is %q, want %q", key, w.Metadata[key], want)
		}
	}
	if len(w.Tensors) != got.Wanted {
		t.Errorf("%d tensors, want %d", len(w.Tensors), got.Wanted)
	}
	if v := firstValue(t, out, "stem.0.weight"); v != .1 {
		t.Errorf("first weight %v, want 0.1", v)
	}
	text := mustRun(t, append([]string{"convert", in, out, "--prefix", "encoder_k"}, narrow...)...)
	if v := firstValue(t, out, "stem.0.weight"); v != .2 || !strings.Contains(text, `prefix "state_dict.module.encoder_k." taken off`) || !strings.Contains(text, "(head)") {
		t.Errorf("--prefix: first weight %v, want 0.2\n%s", v, text)
	}
	again := filepath.Join(t.TempDir(), "again.safetensors") // a converted file says what it holds
	mustRun(t, "convert", out, again)
	if v := firstValue(t, again, "stem.0.weight"); v != .2 {
		t.Errorf("converted twice: %v", v)
	}
}

func firstValue(t *testing.T, path, name string) float32 {
	t.Helper()
	f, err := checkpoint.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := f.Float32s(name)
	if err != nil {
		t.Fatal(err)
	}
	return v[0]
}

func TestConvertRefuses(t *testing.T) {
	in, out := pth(t, 1), filepath.Join(t.TempDir(), "w.safetensors")
	half := filepath.Join(t.TempDir(), "half.pth")
	whole := stateDict(t, 4, "", 1)
	ct.Write(t, half, whole[:len(whole)/4*2])
	for name, tc := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"no encoder":        {[]string{in, out}, exitUsage, "does not say which encoder it holds: name it with --encoder, one of"},
		"one file":          {[]string{in}, exitUsage, "1 arguments, want two"},
		"another ending":    {[]string{in, out + ".pth", "--encoder", "r3d-10"}, exitUsage, "want the name of a .safetensors file"},
		"an absent file":    {append([]string{in + "x", out}, narrow...), exitError, "no such file"},
		"another width":     {[]string{in, out, "--encoder", "r3d-10"}, exitError, "such as stem.0.weight: 4 x 3 x 3 x 5 x 5 in the file, 16 x 3 x 3 x 5 x 5 wanted"},
		"another encoder":   {[]string{in, out, "--encoder", "r3d-18"}, exitError, "it is of another encoder"},
		"an unknown one":    {[]string{in, out, "--encoder", "r3d-81"}, exitUsage, "r3d-18"},
		"half of it":        {append([]string{half, out}, narrow...), exitError, "tensors are there; missing are "},
		"an unknown prefix": {append([]string{in, out, "--prefix", "teacher"}, narrow...), exitError, `stands behind prefix "teacher"`},
	} {
		_, errs, status := clvid(t, append([]string{"convert"}, tc.args...)...)
		if status != tc.status || !strings.Contains(errs, tc.want) {
			t.Errorf("%s: status %d, want %d and %q: %s", name, status, tc.status, tc.want, errs)
		}
	}
	if exists(out) {
		t.Error("a refused conversion left a file")
	}
}

// A folder of Hugging Face's BERT, of another vocabulary and with heads.
func TestConvertText(t *testing.T) {
	e, err := encoder.BuiltinText().Lookup("text encoder", "bert-tiny")
	if err != nil {
		t.Fatal(err)
	}
	wants, err := methods.WantedByText(e, encoder.TextConfig{Vocabulary: 7, Length: 5})
	if err != nil {
		t.Fatal(err)
	}
	in, out := t.TempDir(), filepath.Join(t.TempDir(), "w.safetensors")
	var weights ct.Dict
	for _, w := range append(wants, checkpoint.Want{Name: "pooler.dense.weight", Shape: []int{1}}) {
		n := int(checkpoint.Info{Shape: w.Shape}.Elements())
		name := strings.Replace(w.Name, "LayerNorm.weight", "LayerNorm.gamma", 1)
		weights = append(weights, "bert."+name, ct.Tensor{Storage: ct.Floats(make([]float32, n)...), Shape: w.Shape})
	}
	ct.Write(t, filepath.Join(in, "pytorch_model.bin"), append(weights, "cls.predictions.bias", ct.Tensor{Storage: ct.Floats(1), Shape: []int{1}}))
	writeFile(t, filepath.Join(in, "config.json"), `{"model_type":"bert","vocab_size":7,"max_position_embeddings":5}`)
	got := jsonOf[converted](t, "convert", in, out, "--encoder", "bert-tiny", "--json")
	if got.Prefix != "bert." || len(got.Loaded) != len(wants) || got.Metadata["encoder"] != "bert-tiny" || len(got.Unexpected) != 1 || len(got.Skipped) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestInitFromPretrain starts pretraining from a file and resumes it without the file.
func TestInitFromPretrain(t *testing.T) {
	data, file := videos(t), pth(t, 1)
	args := func(out string, more ...string) []string {
		return withTiny(append([]string{"pretrain", "--method", "moco-v2", "--data", data, "--out", out, "--init-from", file}, more...)...)
	}
	fresh, whole := filepath.Join(t.TempDir(), "fresh"), filepath.Join(t.TempDir(), "whole")
	mustRun(t, withTiny("pretrain", "--method", "moco-v2", "--data", data, "--out", fresh, "--steps", "6")...)
	_, errs, status := clvid(t, args(whole, "--steps", "6")...)
	if status != exitOK || !strings.Contains(errs, `checkpoint.pth.tar (PyTorch zip): `) || !strings.Contains(errs, `prefix "state_dict.module.encoder_q." taken off`) {
		t.Fatalf("status %d: %s", status, errs)
	}
	if bytes.Equal(read(t, fresh, train.WeightsFile), read(t, whole, train.WeightsFile)) {
		t.Error("the weights to start from made no difference")
	}
	if !bytes.Contains(read(t, whole, initFile), []byte(`"from": "state_dict.module.encoder_q.stem.0.weight"`)) ||
		!bytes.Contains(read(t, whole, configFile), []byte("init_from: "+file)) {
		t.Error("the run does not record what it started from")
	}
	resumed := filepath.Join(t.TempDir(), "resumed")
	p := program(t, args(resumed, "--steps", "6", "--checkpoint-every", "1", "--set", "decode.cache_mb=0")...)
	waitForSteps(t, filepath.Join(resumed, train.MetricsFile), 2)
	p.kill(t)
	if err := os.Rename(file, file+".gone"); err != nil {
		t.Fatal(err)
	}
	for _, again := range [][]string{args(resumed, "--steps", "6", "--checkpoint-every", "1", "--resume"), {"pretrain", "--out", resumed, "--resume"}} {
		if _, errs, status := clvid(t, again...); status != exitOK {
			t.Fatalf("resumed without the file: status %d: %s", status, errs)
		}
	}
	sameRuns(t, whole, resumed)
	if _, errs, status := clvid(t, args(filepath.Join(t.TempDir(), "new"), "--steps", "1")...); status != exitError || !strings.Contains(errs, "no such file") {
		t.Errorf("a new run without the file: status %d: %s", status, errs)
	}
}

// A run goes on from other weights only if nobody notices: they are refused.
func TestInitFromOtherWeights(t *testing.T) {
	data, dir := videos(t), filepath.Join(t.TempDir(), "run")
	args := func(file string, more ...string) []string {
		return withTiny(append([]string{"pretrain", "--data", data, "--out", dir, "--steps", "200", "--checkpoint-every", "1", "--init-from", file}, more...)...)
	}
	p := program(t, args(pth(t, 1))...)
	waitForSteps(t, filepath.Join(dir, train.MetricsFile), 2)
	p.kill(t)
	if _, errs, status := clvid(t, args(pth(t, 5), "--resume")...); status != exitError || !strings.Contains(errs, "began from other weights") {
		t.Errorf("status %d: %s", status, errs)
	}
}

func TestInitFromRefuses(t *testing.T) {
	data, file := videos(t), pth(t, 1)
	out := filepath.Join(t.TempDir(), "run")
	wide := filepath.Join(t.TempDir(), "w.safetensors")
	mustRun(t, append([]string{"convert", file, wide}, narrow...)...)
	lacking := filepath.Join(t.TempDir(), "lacking.pth")
	whole := stateDict(t, 4, "", 1)
	ct.Write(t, lacking, append(ct.Dict{}, whole[2:]...)) // without stem.0.weight
	for name, tc := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"another encoder that the file names": {[]string{"pretrain", "--data", data, "--out", out, "--init-from", wide, "--encoder", "r3d-18"}, exitError,
			"holds encoder r3d-10, and the settings say r3d-18: use --encoder r3d-10"},
		"another encoder":    {[]string{"pretrain", "--data", data, "--out", out, "--init-from", file, "--encoder", "r3d-18", "--set", "batch=2"}, exitError, "it is of another encoder"},
		"a missing tensor":   {withTiny("eval", "knn", "--data", data, "--init-from", lacking), exitError, "1 of 60 tensors are missing: stem.0.weight: those would keep"},
		"and --untrained":    {withTiny("eval", "knn", "--untrained", "--data", data, "--init-from", file), exitUsage, "both weights and --untrained"},
		"two things":         {withTiny("finetune", "somewhere", "--data", data, "--init-from", file), exitUsage, "two to start from, somewhere and "},
		"nothing":            {withTiny("eval", "knn", "--data", data), exitUsage, "other weights with --init-from"},
		"a file of no use":   {withTiny("eval", "knn", "--data", data, "--init-from", filepath.Join(data, "clips.csv")), exitError, "neither safetensors nor a zip"},
		"retrieval has none": {[]string{"eval", "retrieval", "--init-from", file}, exitUsage, "unknown flag"},
	} {
		if _, errs, status := clvid(t, tc.args...); status != tc.status || !strings.Contains(errs, tc.want) {
			t.Errorf("%s: status %d, want %d and %q: %s", name, status, tc.status, tc.want, errs)
		}
		if exists(filepath.Join(out, configFile)) {
			t.Fatalf("%s: a refused run began", name)
		}
	}
}

// TestInitFromEval measures and fine-tunes weights from a .pth, from the
// converted file, and from a run.
func TestInitFromEval(t *testing.T) {
	data, file := videos(t), pth(t, 1)
	converted := filepath.Join(t.TempDir(), "w.safetensors")
	mustRun(t, append([]string{"convert", file, converted}, narrow...)...)
	r := jsonOf[eval.Report](t, withTiny("eval", "linear", "--init-from", file, "--data", data, "--json")...)
	if r.Settings["untrained"] != false || r.Settings["init_from"] != file {
		t.Errorf("settings %v", r.Settings)
	}
	// The converted file brings the encoder's options along.
	rest := []string{"--threads", "1", "--set", "media.frames=4", "--set", "media.size=32", "--set", "eval.clips=2", "--set", "eval.batch=8", "--data", data, "--json"}
	c := jsonOf[eval.Report](t, append([]string{"eval", "linear", "--init-from", converted}, rest...)...)
	if c.Top1 != r.Top1 || fmt.Sprint(c.Confusion) != fmt.Sprint(r.Confusion) {
		t.Errorf("top-1 %v of the converted file, %v of the first", c.Top1, r.Top1)
	}
	_, errs, status := clvid(t, withTiny("finetune", "--init-from", file, "--data", data, "--steps", "2", "-v")...)
	if status != exitOK || !strings.Contains(errs, "(counter of batch norm)") {
		t.Errorf("finetune -v: status %d: %s", status, errs)
	}
	tuned := filepath.Join(t.TempDir(), "tuned")
	ft := jsonOf[eval.Report](t, append([]string{"finetune", "--init-from", converted, "--out", tuned, "--set", "steps=2"}, rest...)...)
	if ft.Settings["from_scratch"] != false || ft.Settings["init_from"] != converted || !exists(filepath.Join(tuned, initFile)) {
		t.Errorf("settings %v", ft.Settings)
	}
	more := filepath.Join(t.TempDir(), "more") // a run's folder, and its file
	mustRun(t, withTiny("pretrain", "--data", data, "--out", more, "--steps", "1", "--init-from", tuned)...)
	one := jsonOf[eval.Report](t, "eval", "linear", "--init-from", more, "--json")
	two := jsonOf[eval.Report](t, withTiny("eval", "linear", "--init-from", filepath.Join(more, train.WeightsFile), "--data", data, "--json")...)
	if one.Settings["run"] != more || one.Top1 != two.Top1 {
		t.Errorf("settings %v, top-1 %v and %v", one.Settings, one.Top1, two.Top1)
	}
}
