package plan_test

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"

	"github.com/clvid/clvid/nn"
	"github.com/clvid/clvid/nn/device"
	"github.com/clvid/clvid/nn/plan"
)

func TestProfile(t *testing.T) {
	n := newToy(t, nn.NewStore(device.Float32))
	m := compile(t, openCPU(t, 2), plan.Options{Train: true, Params: n.store}, n.outputs()...)
	n.bind(t, m, 1)
	if m.StopProfile() != nil {
		t.Error("a profile that nobody started")
	}
	const runs = 3
	m.StartProfile()
	for range runs {
		check(t, m.RunAll())
	}
	p := m.StopProfile()
	check(t, m.RunAll()) // not recorded
	if p.Runs != runs || len(p.Steps) != m.Steps() {
		t.Fatalf("%d runs of %d steps, want %d of %d", p.Runs, len(p.Steps), runs, m.Steps())
	}
	share, steps, byKind := 0.0, 0, 0.0
	for i, k := range p.Kinds() {
		share, steps, byKind = share+k.Share, steps+k.Steps, byKind+k.Seconds
		if i > 0 && k.Seconds > p.Kinds()[i-1].Seconds {
			t.Errorf("kind %s is not in its place", k.Kind)
		}
	}
	if math.Abs(share-1) > 1e-9 || steps != m.Steps() || math.Abs(byKind-p.Seconds()) > 1e-9 {
		t.Errorf("kinds sum up to %g of %d steps in %g s, all took %g s", share, steps, byKind, p.Seconds())
	}
	slowest := p.Slowest()
	if slowest[0].Seconds < slowest[len(slowest)-1].Seconds || slowest[0].Seconds <= 0 {
		t.Errorf("slowest %+v, fastest %+v", slowest[0], slowest[len(slowest)-1])
	}
	checkTrace(t, p, runs*m.Steps())
}

func checkTrace(t *testing.T, p *plan.Profile, want int) {
	t.Helper()
	var out bytes.Buffer
	check(t, p.WriteTrace(&out))
	var trace struct {
		Events []struct {
			Name, Ph string
			Ts, Dur  float64
			Args     struct{ Bytes int64 }
		} `json:"traceEvents"`
	}
	check(t, json.Unmarshal(out.Bytes(), &trace))
	if len(trace.Events) != want {
		t.Fatalf("%d events, want %d", len(trace.Events), want)
	}
	end, sum := 0.0, 0.0
	for _, e := range trace.Events {
		if e.Ph != "X" || e.Ts < end-1 || e.Name == "" { // one thread: nothing overlaps
			t.Fatalf("event %+v begins before %g", e, end)
		}
		end, sum = e.Ts+e.Dur, sum+e.Dur
	}
	if got := p.Seconds() * float64(p.Runs) * 1e6; math.Abs(got-sum) > 1e-3*sum+1 {
		t.Errorf("events take %g microseconds, steps %g", sum, got)
	}
}

// The bytes of a step are those of its operands: x (6,2,4,8,8), w (4,2,3,3,3),
// y (6,4,4,4,4).
func TestStepInfo(t *testing.T) {
	n := newToy(t, nn.NewStore(device.Float32))
	m := compile(t, openCPU(t, 1), plan.Options{Params: n.store}, n.z)
	info := m.Info()[0]
	if want := int64(4 * (6*2*4*8*8 + 4*2*27 + 6*4*4*4*4)); info.Kind != device.Conv || info.Bytes != want || info.Layout != "plain" {
		t.Errorf("%+v, want %d bytes", info, want)
	}
}
