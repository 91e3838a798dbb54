package isolate

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/clvid/clvid/media"
)

// watch is how often a waiting parent looks at a worker's memory.
const watch = 100 * time.Millisecond

// call is one call under way.
type call struct {
	v     *video
	p     *process
	ctx   context.Context
	op    string
	id    uint32
	ended bool        // the worker said so, or is gone
	wake  func() bool // stops the wake-up by the context

	since    time.Time // when the present wait began
	told     time.Time // when it was cancelled
	failed   error     // of sending
	ownAbort bool      // the caller has left
}

// loss says that a worker ended in the middle of a call.
type loss struct {
	kind   error
	detail string
	again  bool // somebody else may have done it
}

// Error is for logs; callers see the verdict.
func (l *loss) Error() string { return l.kind.Error() + ": " + l.detail }

// verdict condemns the file.
func (l *loss) verdict(path, op string) error {
	return &media.Error{Path: path, Op: op, Err: l.kind, Detail: l.detail}
}

// begin sends a call.
func (v *video) begin(ctx context.Context, op string, k kind, body []byte) *call {
	p := v.worker
	p.last++
	p.owed = 0
	c := &call{v: v, p: p, ctx: ctx, op: op, id: p.last}
	c.failed = p.send(message{k, c.id, body})
	c.wake = context.AfterFunc(ctx, func() { p.out.SetReadDeadline(time.Unix(1, 0)) })
	return c
}

// next waits for the next message of this call.
func (c *call) next() (message, error) {
	if errors.Is(c.failed, errTooLong) {
		c.ended = true
		return message{}, &media.Error{Path: c.v.path, Op: c.op, Err: c.failed}
	}
	if c.failed != nil {
		return message{}, c.lose(c.failed)
	}
	c.since = time.Now()
	m, err := c.p.receive(c.while)
	if err == nil && m.call != c.id {
		err = errBody
	}
	if err != nil {
		return message{}, c.lose(err)
	}
	c.ended = m.kind == sayEnd
	return m, nil
}

// Reasons to give a worker up.
var (
	errLate = errors.New("no answer")
	errFat  = errors.New("too much memory")
)

// while tells how long to wait before it has to be asked again.
func (c *call) while() (time.Time, error) {
	now := time.Now()
	if c.told.IsZero() && (c.ownAbort || c.ctx.Err() != nil) {
		c.told = now
		if err := c.p.send(message{kind: cancelCall, call: c.id}); err != nil {
			return now, err
		}
	}
	limit := c.since.Add(c.p.o.Timeout + c.p.o.Grace)
	if !c.told.IsZero() {
		limit = c.told.Add(c.p.o.Grace)
	}
	switch {
	case now.After(limit):
		return now, errLate
	case now.Sub(c.since) > watch/2 && c.p.resident() > c.p.o.Memory:
		return now, errFat
	}
	if again := now.Add(watch); again.Before(limit) {
		return again, nil
	}
	return limit, nil
}

// frame reads a frame and its pixels, and gives its room back.
func (c *call) frame(m message) (*media.Frame, error) {
	f, block, at, err := parseFrame(m.body, len(c.p.shared))
	if err != nil {
		return nil, c.lose(err)
	}
	if at.inline {
		if _, err := io.ReadFull(&waiter{c.p, c.while}, block); err != nil {
			return nil, c.lose(err)
		}
		return f, nil
	}
	copy(block, c.p.shared[at.at:])
	if c.p.owed += at.taken; c.p.owed >= len(c.p.shared)/4 {
		if err := c.p.send(message{giveCredit, c.id, binary.AppendUvarint(nil, uint64(c.p.owed))}); err != nil {
			return nil, c.lose(err)
		}
		c.p.owed = 0
	}
	return f, nil
}

// over reads the end of a call: its error, and what else it says.
func (c *call) over(m message) (fields, error) {
	if m.kind != sayEnd {
		return fields{}, c.lose(errBody)
	}
	in := fields{rest: m.body}
	err, work := in.error(), in.stats()
	if in.err != nil {
		return fields{}, c.lose(in.err)
	}
	if c.op != "close" { // then nothing is open that could tell
		c.v.work = work
	}
	return in, c.own(err)
}

// own gives a cancellation the reason that this side's context has.
func (c *call) own(err error) error {
	if cause := c.ctx.Err(); cause != nil && errors.Is(err, context.Canceled) {
		return &media.Error{Path: c.v.path, Op: c.op, Err: cause}
	}
	return err
}

// finish ends the call. Where the caller left before its end, the worker is told
// and the rest passed over.
func (c *call) finish() {
	c.ownAbort = true
	for !c.ended {
		m, err := c.next()
		if err == nil && m.kind == sayFrame {
			_, err = c.frame(m)
		}
		if err != nil {
			break // lose has seen to the worker
		}
	}
	c.wake()
}

// lose gives the worker up and tells what that means for the file. The kinds:
// a context that ended, an answer that did not come, memory, a crash.
func (c *call) lose(err error) error {
	var known *media.Error
	p := c.p
	c.ended = true
	if c.v.worker != p {
		return err
	}
	killed := errors.Is(err, errLate) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, errFat) || errors.Is(err, errBody) || errors.Is(err, errTooLong) || errors.As(err, &known)
	c.v.worker = nil
	held := p.resident()
	if !killed {
		p.await()
	}
	c.v.decoder.bury(p, killed)
	switch {
	case c.ctx.Err() != nil:
		return &media.Error{Path: c.v.path, Op: c.op, Err: c.ctx.Err()}
	case errors.As(err, &known):
		return err
	case errors.Is(err, errLate), errors.Is(err, os.ErrDeadlineExceeded):
		return &loss{kind: media.ErrTimeout, detail: fmt.Sprintf("its process did not answer for %s and was killed: raise the timeout or set the file aside", p.o.Timeout+p.o.Grace)}
	case errors.Is(err, errFat):
		return &loss{kind: media.ErrTooLarge, detail: fmt.Sprintf("its process held %d MB of memory, at most %d, and was killed: raise the bound or set the file aside", held>>20, p.o.Memory>>20)}
	case p.outOfMemory():
		return &loss{kind: media.ErrTooLarge, detail: fmt.Sprintf("its process wanted more than %d MB of memory: raise the bound or set the file aside", p.o.Memory>>20)}
	case killed:
		return &loss{kind: media.ErrCrashed, detail: fmt.Sprintf("its process wrote nonsense (%v): set the file aside", err), again: true}
	}
	return &loss{kind: media.ErrCrashed, detail: "two decoding processes ended in it, the last by " + p.obituary() + ": set the file aside", again: true}
}
