package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// workBar shows how far work on many files is: a bar on a terminal, a plain line
// now and then elsewhere.
type workBar struct {
	w      io.Writer
	what   string
	total  int
	start  time.Time
	last   time.Time // of a plain line
	bars   *mpb.Progress
	bar    *mpb.Bar
	status atomic.Value // string; the bar draws on a goroutine of its own
}

// plainEvery is the time between plain lines.
const plainEvery = 30 * time.Second

func newWorkBar(w io.Writer, what string, total int) *workBar {
	b := &workBar{w: w, what: what, total: total, start: time.Now(), last: time.Now()}
	if isTerminal(w) {
		b.bars = mpb.New(mpb.WithOutput(w), mpb.WithWidth(30))
		b.bar = b.bars.AddBar(int64(total),
			mpb.PrependDecorators(decor.Name(what+" "), decor.CountersNoUnit("%d/%d ")),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string {
				line, _ := b.status.Load().(string)
				return " " + line
			})))
	}
	return b
}

// set shows that done of the files are done, which were the given share of the
// work, from which the time that is left follows.
func (b *workBar) set(done int, share float64, note string) {
	line := note
	if spent := time.Since(b.start); share > 0 && share < 1 && spent > time.Second {
		left := time.Duration(float64(spent) * (1 - share) / share)
		line = fmt.Sprintf("%s left  %s", left.Round(time.Second), note)
	}
	b.status.Store(line)
	switch {
	case b.bar != nil:
		b.bar.SetCurrent(int64(done))
	case time.Since(b.last) >= plainEvery:
		b.last = time.Now()
		fmt.Fprintf(b.w, "%s %d/%d  %s\n", b.what, done, b.total, line)
	}
}

// finish ends the bar where it stands.
func (b *workBar) finish() {
	if b.bars == nil {
		return
	}
	b.bar.Abort(true)
	b.bars.Wait()
}
