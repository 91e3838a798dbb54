package isolate

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/clvid/clvid/media"
)

// video is a file that is open in a worker.
type video struct {
	decoder *Decoder
	path    string
	info    media.Info
	times   []time.Duration
	known   bool // info and times are set
	worker  *process
	lost    media.Stats // work of workers that died
	work    media.Stats // of the present one
	failed  error       // the last word: two workers died of it
	busy    bool
	closing bool // Close was called while busy
}

var errClosed = errors.New("isolate: the video is closed, or used from within its own Frames")

// Info returns what the worker's decoder said when the file was opened.
func (v *video) Info() media.Info { return v.info }

// Len is the number of frames in display order.
func (v *video) Len() int { return len(v.times) }

// Times are their presentation times.
func (v *video) Times() []time.Duration { return v.times }

// Stats returns the work that workers did and told of.
func (v *video) Stats() media.Stats {
	total := v.lost
	total.Add(v.work)
	return total
}

// try makes a call, and once more in another worker where one died of it.
func (v *video) try(op string, call func() error) error {
	if v.failed != nil {
		return v.failed
	}
	if v.busy || v.decoder == nil {
		return &media.Error{Path: v.path, Op: op, Err: errClosed}
	}
	v.busy = true
	defer v.idle()
	err := call()
	var l *loss
	if errors.As(err, &l) && l.again {
		err = call()
	}
	if errors.As(err, &l) {
		v.failed = l.verdict(v.path, op)
		return v.failed
	}
	return err
}

func (v *video) idle() {
	if v.busy = false; v.closing {
		v.Close()
	}
}

// attach sees to it that a worker has the file open.
func (v *video) attach(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return &media.Error{Path: v.path, Op: op, Err: err}
	}
	if v.worker != nil {
		return nil
	}
	p, err := v.decoder.take(v.path)
	if err != nil {
		return err
	}
	v.worker = p
	v.lost.Add(v.work)
	v.work = media.Stats{}
	c := v.begin(ctx, "open", callOpen, []byte(v.path))
	defer c.finish()
	m, err := c.next()
	if err != nil {
		return err
	}
	if m.kind == sayOpened {
		if err := v.learn(m.body); err != nil {
			return c.lose(err)
		}
		m, err = c.next()
	}
	if err == nil && m.kind != sayEnd {
		err = c.lose(errBody)
	}
	if err != nil {
		return err
	}
	if _, err := c.over(m); err != nil {
		v.release() // nothing is open there
		return err
	}
	return nil
}

// learn reads the description. Where the file was open before, it has to be the
// same.
func (v *video) learn(body []byte) error {
	in := fields{rest: body}
	times := in.times()
	if in.err != nil {
		return errBody
	}
	var info media.Info
	if err := json.Unmarshal(in.rest, &info); err != nil {
		return fmt.Errorf("%w: %w", errBody, err)
	}
	info.Path = v.path // JSON holds no other than UTF-8
	if v.known && (info != v.info || !slices.Equal(times, v.times)) {
		return &media.Error{Path: v.path, Op: "open", Err: media.ErrCorrupt, Detail: "the file changed since it was opened: open it again"}
	}
	v.info, v.times, v.known = info, times, true
	return nil
}

// Clips decodes the spans in one ordered pass.
func (v *video) Clips(ctx context.Context, spans ...media.Span) (clips []*media.Clip, err error) {
	err = v.try("clip", func() error {
		if err := v.attach(ctx, "clip"); err != nil {
			return err
		}
		clips, err = v.clips(ctx, spans)
		return err
	})
	if err != nil {
		return nil, err
	}
	return clips, nil
}

func (v *video) clips(ctx context.Context, spans []media.Span) ([]*media.Clip, error) {
	c := v.begin(ctx, "clip", callClips, appendSpans(nil, spans))
	defer c.finish()
	var frames []*media.Frame
	for {
		m, err := c.next()
		if err != nil {
			return nil, err
		}
		if m.kind == sayFrame {
			f, err := c.frame(m)
			if err != nil {
				return nil, err
			}
			frames = append(frames, f)
			continue
		}
		rest, err := c.over(m)
		if err != nil {
			return nil, err
		}
		clips, err := assemble(v.path, spans, frames, rest)
		if err != nil {
			return nil, c.lose(err)
		}
		return clips, nil
	}
}

// assemble makes clips of frames by the list that ends a clips call.
func assemble(path string, spans []media.Span, frames []*media.Frame, rest fields) ([]*media.Clip, error) {
	if len(rest.rest) == 0 {
		return nil, nil // no spans
	}
	clips := make([]*media.Clip, len(spans))
	for i, s := range spans {
		n := rest.count(uint64(len(rest.rest)))
		clips[i] = &media.Clip{Video: path, Span: s, Frames: make([]*media.Frame, 0, n)}
		for range n {
			at := rest.count(uint64(len(frames)))
			if rest.err != nil || at >= len(frames) {
				return nil, errBody
			}
			clips[i].Frames = append(clips[i].Frames, frames[at])
		}
	}
	return clips, rest.end()
}

// Frames decodes all frames in display order.
func (v *video) Frames(ctx context.Context) iter.Seq2[*media.Frame, error] {
	return func(yield func(*media.Frame, error) bool) {
		given, more := 0, true
		err := v.try("frames", func() error {
			if err := v.attach(ctx, "frames"); err != nil {
				return err
			}
			return v.stream(ctx, given, func(f *media.Frame, err error) bool {
				if err == nil {
					given++
				}
				more = yield(f, err)
				return more
			})
		})
		if err != nil && more {
			yield(nil, err)
		}
	}
}

// stream hands on frames behind the first skip, and the iteration's errors. A
// call that the loop leaves early is cancelled by finish.
func (v *video) stream(ctx context.Context, skip int, yield func(*media.Frame, error) bool) error {
	c := v.begin(ctx, "frames", callFrames, binary.AppendUvarint(nil, uint64(skip)))
	defer c.finish()
	for {
		m, err := c.next()
		if err != nil {
			return err
		}
		var f *media.Frame
		switch m.kind {
		case sayFrame:
			if f, err = c.frame(m); err != nil {
				return err
			}
		case sayFault:
			in := fields{rest: m.body}
			if err = in.error(); in.end() != nil || err == nil {
				return c.lose(errBody)
			}
			err = c.own(err)
		default:
			_, err := c.over(m)
			return err
		}
		if !yield(f, err) {
			return nil
		}
	}
}

// Close closes the file and lets its worker go. A second call does nothing.
func (v *video) Close() error {
	if v.closing = v.busy; v.busy || v.decoder == nil {
		return nil
	}
	var err error
	if v.worker != nil {
		err = v.shut()
	}
	v.release()
	v.decoder = nil
	return err
}

// shut closes the file in the worker. One that dies of it has nothing to lose.
func (v *video) shut() error {
	c := v.begin(context.Background(), "close", callClose, nil)
	defer c.finish()
	m, err := c.next()
	if err != nil {
		return nil
	}
	_, err = c.over(m)
	return err
}

// release gives a worker back.
func (v *video) release() {
	if v.worker != nil {
		v.decoder.put(v.worker)
		v.worker = nil
	}
}
