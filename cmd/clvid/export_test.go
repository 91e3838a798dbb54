package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"github.com/clvid/clvid/methods/train"
	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/checkpoint"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/encoder"
)

// encoderTensors are the initial weights of an encoder, named with a prefix.
func encoderTensors(t *testing.T, name, prefix string, c encoder.Config) []checkpoint.Tensor {
	t.Helper()
	e, err := encoder.Builtin().Lookup("encoder", name)
	if err != nil {
		t.Fatal(err)
	}
	g, store := gorgonia.NewGraph(), nn.NewStore(device.Float32)
	e.Build(nn.NewScope(g, store, 1).Sub(prefix), nn.Input(g, "x", device.Float32, 1, 3, 8, 32, 32), c)
	tensors := train.Weights(store)
	for i, x := range tensors {
		tensors[i].Name = strings.TrimPrefix(x.Name, ".") // of a prefix of nothing
	}
	return tensors
}

func writeTensors(t *testing.T, path string, tensors []checkpoint.Tensor, metadata map[string]string) {
	t.Helper()
	if err := checkpoint.WriteSafetensors(path, tensors, metadata); err != nil {
		t.Fatal(err)
	}
}

func TestExport(t *testing.T) {
	run := madeRun(t)
	writeTensors(t, filepath.Join(run, train.WeightsFile), encoderTensors(t, "r3d-10", "encoder", encoder.Default()), nil)
	out := filepath.Join(t.TempDir(), "net.onnx")
	found := jsonOf[exportFinding](t, "export", run, out, "--opset", "18", "--json")
	info, err := os.Stat(out)
	if err != nil {
		t.Fatal(err)
	}
	in, features := found.Inputs[0], found.Outputs[0]
	if found.Bytes != info.Size() || found.Opset != 18 || found.Encoder != "r3d-10" || found.Parameters < 900_000 || found.Bytes < 4*found.Parameters ||
		in.Name != "input" || !slices.Equal(in.Shape, []string{"batch", "3", "frames", "height", "width"}) ||
		features.Name != "features" || !slices.Equal(features.Shape, []string{"batch", "128"}) ||
		found.Metadata["mean"] != "0.45" || found.Metadata["std"] != "0.225" || found.Metadata["input"] != "diff" || len(found.Fixed) != 0 {
		t.Errorf("%+v", found)
	}
	text := mustRun(t, "export", filepath.Join(run, train.WeightsFile), out) // the run beside it says the rest
	for _, want := range []string{"opset 17", "input     float32 batch x 3 x frames x height x width", "features  float32 batch x 128",
		"less 0.45, divided by 0.225; of these, twice the next frame less this one"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A file of weights says what it holds, or is told.
func TestExportFile(t *testing.T) {
	dir := t.TempDir()
	c := encoder.Default()
	c.Width = 8
	bare, told, out := filepath.Join(dir, "bare.safetensors"), filepath.Join(dir, "told.safetensors"), filepath.Join(dir, "net.onnx")
	writeTensors(t, bare, encoderTensors(t, "r3d-10", "", c), nil)
	writeTensors(t, told, encoderTensors(t, "r3d-10", "encoder", c), map[string]string{
		"format": "clvid", "encoder": "r3d-10", "encoder_width": "8", "encoder_pool": "true"})
	found := jsonOf[exportFinding](t, "export", told, out, "--json")
	if found.Encoder != "r3d-10" || found.Outputs[0].Shape[1] != "64" || found.Metadata["encoder_width"] != "8" || found.Metadata["mean"] != "" {
		t.Errorf("%+v", found)
	}
	found = jsonOf[exportFinding](t, "export", bare, out, "--encoder", "r3d-10", "--set", "encoder_options.width=8", "--mean", ".4,.5,.6", "--std", "0.25", "--json")
	if found.Outputs[0].Shape[1] != "64" || found.Metadata["mean"] != "0.4,0.5,0.6" || found.Metadata["std"] != "0.25" {
		t.Errorf("%+v", found)
	}
	alone := filepath.Join(dir, "alone.safetensors") // a run's weights without the run
	writeTensors(t, alone, encoderTensors(t, "r3d-10", "encoder", encoder.Default()), map[string]string{
		"format": "clvid", "encoder": "r3d-10", "input": "diff", "frames": "4", "stride": "3", "size": "64"})
	if text := mustRun(t, "export", alone, out); !strings.Contains(text, "less this one; trained on 4 frames of stride 3, 64 px") {
		t.Errorf("weights without their run:\n%s", text)
	}
	if text := mustRun(t, "export", told, out); !strings.Contains(text, "pixels    R'G'B' as the publisher of the weights says") {
		t.Errorf("weights of others:\n%s", text)
	}
	short := filepath.Join(dir, "short.safetensors")
	writeTensors(t, short, encoderTensors(t, "r3d-10", "", encoder.Default())[1:], nil)
	for _, tc := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{bare}, exitUsage, "does not say which encoder it holds: name it with --encoder, one of "},
		{[]string{bare, "--encoder", "r3d-10", "--mean", ".4,.5"}, exitUsage, "--mean has 2 numbers, want one, or one for each of R, G and B"},
		{[]string{bare, "--encoder", "r3d-11"}, exitUsage, `unknown encoder "r3d-11" (did you mean "r3d-10"?)`},
		{[]string{bare, "--encoder", "r3d-18"}, exitError, "only 60 of 100 tensors are there; missing are layer1.1.conv1.0.weight"},
		{[]string{short, "--encoder", "r3d-10"}, exitError, "1 of 60 tensors are missing: stem.0.weight"},
		{[]string{bare, "--encoder", "r3d-10"}, exitError, "it is of another encoder, or of the same with other options"},
	} {
		none := filepath.Join(dir, "none.onnx")
		_, stderr, status := clvid(t, slices.Concat([]string{"export", tc.args[0], none}, tc.args[1:])...)
		if status != tc.status || !strings.Contains(stderr, tc.want) {
			t.Errorf("%v: status %d, %swant %d, %s", tc.args, status, stderr, tc.status, tc.want)
		}
		if left, _ := filepath.Glob(none + "*"); len(left) > 0 {
			t.Errorf("%v: left %v", tc.args, left)
		}
	}
}

// A text encoder has other inputs, and no pixels.
func TestExportText(t *testing.T) {
	e, err := encoder.BuiltinText().Lookup("text encoder", "bert-tiny")
	if err != nil {
		t.Fatal(err)
	}
	g, store := gorgonia.NewGraph(), nn.NewStore(device.Float32)
	e.Build(nn.NewScope(g, store, 1).Sub("bert"), nn.Input(g, "ids", device.Int32, 1, 4), nn.Input(g, "mask", device.Float32, 1, 4), encoder.TextConfig{})
	file, out := filepath.Join(t.TempDir(), "bert.safetensors"), filepath.Join(t.TempDir(), "net.onnx")
	writeTensors(t, file, train.Weights(store), nil)
	found := jsonOf[exportFinding](t, "export", file, out, "--encoder", "bert-tiny", "--json")
	if len(found.Inputs) != 2 || found.Inputs[0].Name != "ids" || found.Inputs[0].Type != "int32" || found.Inputs[1].Name != "mask" ||
		!slices.Equal(found.Inputs[1].Shape, []string{"batch", "length"}) || found.Metadata["length"] != "512" {
		t.Errorf("%+v", found)
	}
	if text := mustRun(t, "export", file, out, "--encoder", "bert-tiny"); strings.Contains(text, "pixels") {
		t.Errorf("pixels of a text encoder:\n%s", text)
	}
	if _, stderr, status := clvid(t, "export", file, out, "--encoder", "bert-tin"); status != exitUsage || !strings.Contains(stderr, `did you mean "bert-tiny"?`) {
		t.Errorf("an unknown one: status %d, %s", status, stderr)
	}
}
