package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// clvid runs the program in this process.
func clvid(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), status
}

// mustRun is clvid for commands that must succeed.
func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, status := clvid(t, args...)
	if status != exitOK {
		t.Fatalf("clvid %s: status %d: %s", strings.Join(args, " "), status, errs)
	}
	return out
}

// jsonOf runs a command that must print one JSON value and nothing else.
func jsonOf[T any](t *testing.T, args ...string) T {
	t.Helper()
	var v T
	out := mustRun(t, args...)
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("clvid %s: stdout is not JSON: %v\n%s", strings.Join(args, " "), err, out)
	}
	return v
}

func TestExitStatus(t *testing.T) {
	for _, tc := range []struct {
		args   string
		status int
		stderr string
	}{
		{"", exitOK, ""},
		{"--help", exitOK, ""},
		{"--version", exitOK, ""},
		{"version", exitOK, ""},
		{"list", exitOK, ""},
		{"completion bash", exitOK, ""},
		{"lst", exitUsage, `clvid: unknown command "lst" for clvid (did you mean "list"?): want one of `},
		{"list method", exitUsage, `clvid: unknown command "method" for clvid list (did you mean "methods"?)`},
		{"config extra", exitUsage, `clvid: clvid config: unexpected argument "extra"`},
		{"config --stepz 3", exitUsage, `clvid: clvid config: unknown flag: --stepz (did you mean "--steps"?)`},
		{"config --steps many", exitUsage, `clvid: invalid argument "many" for "--steps" flag`},
		{"config --config weizman", exitUsage, `clvid: configs: unknown preset "weizman" (did you mean "weizmann"?)`},
		{"config --config asl --config synth", exitUsage, "clvid: --config is given twice for synth: want at most one preset and one file"},
		{"config --set media.frams=3", exitUsage, `clvid: configs: --set: unknown key media.frams (did you mean "media.frames"?)`},
		{"config --steps 3 --epochs 2", exitUsage, "clvid: configs: epochs (--epochs) and steps (--steps) exclude each other: keep one"},
		{"bench stp", exitUsage, `clvid: unknown command "stp" for clvid bench (did you mean "step"?)`},
		{"bench step --batch 3", exitUsage, "clvid: bench: batch 3: want an even number from 4 on"},
		{"bench step --precision fp16", exitUsage, `clvid: device: precision "fp16": want f32 or bf16`},
		{"bench step --encoder-option pol=1", exitUsage, `clvid: configs: --set: unknown key encoder_options.pol (did you mean "encoder_options.pool"?)`},
		{"synth", exitUsage, "clvid: clvid synth: --out is needed: FOLDER to make"},
		{"synth --out x --size 63", exitUsage, "clvid: synth: size is 63 pixels"},
		{"export run", exitUsage, "clvid: clvid export: 1 arguments, want two: a run or a file of weights, and the file to write"},
		{"export run net.pth", exitUsage, `clvid: clvid export: "net.pth": want the name of a .onnx file`},
		{"export nothing-here net.onnx", exitError, "clvid: checkpoint: nothing-here: no such file or directory"},
		{"export run net.onnx --opset 9", exitUsage, "clvid: --opset 9: want 17 to 21"},
		{"convert a", exitUsage, "clvid: clvid convert: 1 arguments, want two"},
		{"inspect", exitUsage, "clvid: clvid inspect: 0 arguments, want one: a file or folder"},
		{"inspect nothing-here", exitError, "clvid: stat nothing-here: no such file or directory"},
		{"eval knn --untrained --crops 2", exitUsage, "clvid: configs: eval.crops is 2, want one of [1 3]"},
		{"config --set media.sampler=pace", exitUsage, `clvid: configs: media: media.sampler is "pace", want one of random, uniform, dense`},
		{"config --set augment.colour_style=pil", exitUsage, `clvid: configs: media: augment.colour_style is "pil", want linear, simclr, torchvision`},
		{"preview --out x.png", exitUsage, "clvid: clvid preview: --data is needed: PATH of a folder"},
		{"preview --data x --out x.jpg", exitUsage, `clvid: --out "x.jpg": want the name of a .png file, or .apng`},
		{"preview --data nothing-here --out x.png", exitError, "clvid: dataset: stat nothing-here: no such file or directory"},
	} {
		stdout, stderr, status := clvid(t, strings.Fields(tc.args)...)
		if status != tc.status || !strings.HasPrefix(stderr, tc.stderr) || tc.stderr == "" && stderr != "" {
			t.Errorf("clvid %s: status %d, want %d; stderr\n%swant %s", tc.args, status, tc.status, stderr, tc.stderr)
		}
		if status != exitOK && stdout != "" {
			t.Errorf("clvid %s: failed, but printed to stdout:\n%s", tc.args, stdout)
		}
	}
	if got := exitStatus(interrupted{errors.New("signal")}); got != exitInterrupted {
		t.Errorf("an interrupted run: status %d, want %d", got, exitInterrupted)
	}
}

func TestHelpDocumentsExitStatus(t *testing.T) {
	help := mustRun(t, "--help")
	for _, want := range []string{"0 done", "1 an error", "2 wrong usage", "3 interrupted"} {
		if !strings.Contains(help, want) {
			t.Errorf("no %q in the help", want)
		}
	}
}
