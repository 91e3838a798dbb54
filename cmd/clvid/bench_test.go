package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clvid/clvid/methods/bench"
)

func TestBenchStep(t *testing.T) {
	args := strings.Fields("bench step --encoder r3d-10 --width 4 --frames 4 --size 32 --batch 4 --steps 2 --threads 2")
	r := jsonOf[bench.StepReport](t, append(args, "--json")...)
	if len(r.StepSeconds) != 2 || r.StepMin <= 0 || r.PeakRSS <= 0 || r.Loss <= 0 || r.Precision != "f32" {
		t.Errorf("report %+v", r)
	}
	pooled := r.ArenaBytes
	r = jsonOf[bench.StepReport](t, append(args, "--json", "--encoder-option", "pool=false")...)
	if r.ArenaBytes <= pooled {
		t.Errorf("without the pool the values take %d bytes, with it %d", r.ArenaBytes, pooled)
	}
	if r = jsonOf[bench.StepReport](t, append(args, "--json", "--precision", "bf16")...); r.Precision != "bf16" {
		t.Errorf("precision %s, want bf16", r.Precision)
	}
	wants(t, mustRun(t, args...), "step ", "peak memory", "parameters", "4 x 3 x 4 x 32 x 32")
}

func wants(t *testing.T, out string, parts ...string) {
	t.Helper()
	for _, want := range parts {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestBenchStepProfile(t *testing.T) {
	dir := t.TempDir()
	trace, dot, graph := filepath.Join(dir, "trace.json"), filepath.Join(dir, "plan.dot"), filepath.Join(dir, "graph.dot")
	args := strings.Fields("bench step --width 4 --frames 4 --size 32 --batch 4 --steps 2")
	out := mustRun(t, append(args, "--profile", trace, "--dot", dot, "--dot-graph", graph)...)
	wants(t, out, "kind", "share", "conv_grad_weight", "all kernels", "the optimizer's", "encoder.stem.0.weight")
	for file, want := range map[string]string{trace: `"traceEvents":[{"name":"`, dot: `digraph "plan" {`, graph: `digraph "graph" {`} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		wants(t, string(data), want)
	}
	r := jsonOf[bench.StepReport](t, append(args, "--json", "--profile", "-")...)
	if r.Profile == nil || r.Profile.Runs != 2 || len(r.Profile.Steps) != r.Kernels {
		t.Errorf("profile %+v of %d kernels", r.Profile, r.Kernels)
	}
	if want := fmt.Sprintf("The other %d kernels are left out here: --profile FILE has all %d", r.Kernels-slowestKernels, r.Kernels); !strings.Contains(out, want) {
		t.Errorf("no %q in:\n%s", want, out)
	}
	if text := leftOut(slowestKernels); text != "" {
		t.Errorf("none left out, but %q", text)
	}
}
