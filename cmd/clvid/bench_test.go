package main

import (
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
	out := mustRun(t, args...)
	for _, want := range []string{"step ", "peak memory", "parameters", "4 x 3 x 4 x 32 x 32"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in the table:\n%s", want, out)
		}
	}
}
