package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/clvid/clvid/nn/device"
)

// StepInfo describes one kernel of a program.
type StepInfo struct {
	Name   string      `json:"name"` // operation, leaves that it uses, node number; "again" where it is computed a second time
	Kind   device.Kind `json:"kind"`
	Shape  []int       `json:"shape"`  // of its value
	Layout string      `json:"layout"` // of its value
	Bytes  int64       `json:"bytes"`  // read and written: inputs, value, saved values
}

// Info describes the kernels of one run, in order.
func (m *Machine) Info() []StepInfo {
	infos := make([]StepInfo, len(m.steps))
	for i := range m.steps {
		s, a := &m.steps[i], &m.program.Steps[i].Args
		infos[i] = StepInfo{Name: s.name, Kind: s.kind, Shape: s.out.Type.Shape, Layout: layoutName(s.out.Layout), Bytes: a.Out.Bytes}
		for _, mems := range [][]device.Mem{a.In, a.Reads, a.Saved} {
			for _, mem := range mems {
				infos[i].Bytes += mem.Bytes
			}
		}
	}
	return infos
}

func layoutName(l device.Layout) string {
	if l == nil {
		return "plain"
	}
	return fmt.Sprint(l)
}

// Profile is what the kernels of a machine took, over one or more runs.
type Profile struct {
	Runs  int           `json:"runs"`
	Steps []StepProfile `json:"steps"` // in the order of the program

	start  time.Time
	events []event
}

// StepProfile is what one kernel took.
type StepProfile struct {
	StepInfo
	Seconds float64 `json:"seconds"` // mean of the runs
}

// KindProfile sums up the kernels of one kind.
type KindProfile struct {
	Kind    device.Kind `json:"kind"`
	Steps   int         `json:"steps"`
	Seconds float64     `json:"seconds"`
	Share   float64     `json:"share"` // of all kernels' time, from 0 to 1
	Bytes   int64       `json:"bytes"`
}

// event is one step of one run.
type event struct {
	step        int
	start, took time.Duration
}

// StartProfile times every kernel of the runs from now on, until StopProfile.
func (m *Machine) StartProfile() {
	p := &Profile{start: time.Now()}
	for _, info := range m.Info() {
		p.Steps = append(p.Steps, StepProfile{StepInfo: info})
	}
	m.profile, m.program.Observe = p, p.observe
}

// StopProfile ends timing and returns what was found, nil where no profile was
// started.
func (m *Machine) StopProfile() *Profile {
	p := m.profile
	m.profile, m.program.Observe = nil, nil
	if p == nil || p.Runs == 0 {
		return p
	}
	for i := range p.Steps {
		p.Steps[i].Seconds /= float64(p.Runs)
	}
	return p
}

func (p *Profile) begin() { p.Runs++ }

func (p *Profile) observe(step int, start time.Time, took time.Duration) {
	p.Steps[step].Seconds += took.Seconds()
	p.events = append(p.events, event{step, start.Sub(p.start), took})
}

// Seconds is the time of all kernels in one run.
func (p *Profile) Seconds() float64 {
	sum := 0.0
	for _, s := range p.Steps {
		sum += s.Seconds
	}
	return sum
}

// Slowest lists the kernels by falling time.
func (p *Profile) Slowest() []StepProfile {
	return slices.SortedStableFunc(slices.Values(p.Steps), func(a, b StepProfile) int { return cmp.Compare(b.Seconds, a.Seconds) })
}

// Kinds sums the kernels up by kind, by falling time.
func (p *Profile) Kinds() []KindProfile {
	at := map[device.Kind]int{}
	var kinds []KindProfile
	all := p.Seconds()
	for _, s := range p.Steps {
		i, ok := at[s.Kind]
		if !ok {
			i = len(kinds)
			at[s.Kind], kinds = i, append(kinds, KindProfile{Kind: s.Kind})
		}
		k := &kinds[i]
		k.Steps, k.Seconds, k.Bytes = k.Steps+1, k.Seconds+s.Seconds, k.Bytes+s.Bytes
	}
	for i := range kinds {
		if all > 0 {
			kinds[i].Share = kinds[i].Seconds / all
		}
	}
	slices.SortStableFunc(kinds, func(a, b KindProfile) int { return cmp.Compare(b.Seconds, a.Seconds) })
	return kinds
}

// traceEvent is one complete event of Chrome's trace format, times in
// microseconds.
type traceEvent struct {
	Name     string         `json:"name"`
	Category string         `json:"cat"`
	Phase    string         `json:"ph"`
	Start    float64        `json:"ts"`
	Duration float64        `json:"dur"`
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Args     map[string]any `json:"args"`
}

// WriteTrace writes every kernel of every run in Chrome's trace format, for
// chrome://tracing or Perfetto.
func (p *Profile) WriteTrace(w io.Writer) error {
	events := make([]traceEvent, 0, len(p.events))
	for _, e := range p.events {
		s := p.Steps[e.step]
		events = append(events, traceEvent{
			Name: s.Name, Category: string(s.Kind), Phase: "X", Start: microseconds(e.start), Duration: microseconds(e.took), Process: 1, Thread: 1,
			Args: map[string]any{"step": e.step, "shape": s.Shape, "layout": s.Layout, "bytes": s.Bytes},
		})
	}
	err := json.NewEncoder(w).Encode(map[string]any{"traceEvents": events, "displayTimeUnit": "ms"})
	if err != nil {
		return fmt.Errorf("plan: trace: %w", err)
	}
	return nil
}

func microseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
