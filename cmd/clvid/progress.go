package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/clvid/clvid/methods/train"
)

// progress shows how a run goes: a bar on a terminal, plain lines elsewhere.
type progress struct {
	w       io.Writer
	every   int
	total   int
	bars    *mpb.Progress
	bar     *mpb.Bar
	status  atomic.Value // string; the bar draws on a goroutine of its own
	start   time.Time
	done    int // steps before this process
	speed   average
	waiting average
}

var _ train.Observer = (*progress)(nil)

func newProgress(w io.Writer, every int) *progress { return &progress{w: w, every: every} }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Start begins at step done of total.
func (p *progress) Start(done, total int) {
	p.total, p.done, p.start = total, done, time.Now()
	if done > 0 {
		fmt.Fprintf(p.w, "resuming at step %d of %d\n", done, total)
	}
	if !isTerminal(p.w) {
		return
	}
	p.bars = mpb.New(mpb.WithOutput(p.w), mpb.WithWidth(30))
	p.bar = p.bars.AddBar(int64(total),
		mpb.PrependDecorators(decor.CountersNoUnit("%d/%d ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
			line, _ := p.status.Load().(string)
			return " " + line
		})))
	p.bar.SetCurrent(int64(done))
}

// Step shows one step.
func (p *progress) Step(m train.Metrics) {
	p.speed.add(m.ClipsPerSecond)
	p.waiting.add(m.DataWait)
	line := p.line(m)
	p.status.Store(line)
	if p.bar != nil {
		p.bar.SetCurrent(int64(m.Step))
		return
	}
	if m.Step%p.every == 0 || m.Step == p.total || m.Step == p.done+1 {
		fmt.Fprintf(p.w, "step %d/%d  %s\n", m.Step, p.total, line)
	}
}

// line is the state of a run in a few words.
func (p *progress) line(m train.Metrics) string {
	parts := []string{fmt.Sprintf("loss %.3f", m.Loss)}
	for _, name := range slices.Sorted(maps.Keys(m.Terms)) {
		t := m.Terms[name]
		if t.Guess > 0 {
			parts = append(parts, fmt.Sprintf("acc %.2f", t.Accuracy))
		}
	}
	left := time.Duration(float64(time.Since(p.start)) / float64(m.Step-p.done) * float64(p.total-m.Step))
	parts = append(parts, fmt.Sprintf("lr %.2g", m.LR), fmt.Sprintf("%.0f clips/s", p.speed.value),
		fmt.Sprintf("data %.0f%%", 100*p.waiting.value), fmt.Sprintf("%s left", left.Round(time.Second)))
	return strings.Join(parts, "  ")
}

// Warn prints a warning above the bar.
func (p *progress) Warn(message string) {
	if p.bars == nil {
		fmt.Fprintf(p.w, "warning: %s\n", message)
		return
	}
	fmt.Fprintf(p.bars, "warning: %s\n", message)
}

// finish ends the bar where it stands.
func (p *progress) finish() {
	if p.bars == nil {
		return
	}
	if !p.bar.Completed() {
		p.bar.Abort(false)
	}
	p.bars.Wait()
}

// average is exponential, over about ten values.
type average struct {
	value float64
	n     int
}

func (a *average) add(v float64) {
	a.n = min(a.n+1, 10)
	a.value += (v - a.value) / float64(a.n)
}

// counter shows how far a count is, on a terminal only.
type counter struct {
	w     io.Writer
	what  string
	total int
	live  bool
	last  time.Time
}

func newCounter(w io.Writer, what string, total int) *counter {
	return &counter{w: w, what: what, total: total, live: isTerminal(w)}
}

func (c *counter) set(done, total int) {
	if !c.live || (done < total && time.Since(c.last) < 100*time.Millisecond) {
		return
	}
	c.last = time.Now()
	fmt.Fprintf(c.w, "\r%s %d/%d", c.what, done, total)
}

func (c *counter) done() {
	if c.live {
		fmt.Fprint(c.w, "\r\033[K")
	}
}
