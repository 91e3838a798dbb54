package isolate

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/clvid/clvid/media"
)

// server is the worker's side of one connection.
type server struct {
	dec    media.Decoder
	ring   *ring
	shared []byte
	out    *bufio.Writer
	video  media.Video

	mu     sync.Mutex
	call   uint32 // under way
	cancel context.CancelFunc
}

// serve answers the calls that arrive on in until that ends, then calls gone
// and returns. shared is the memory for pixels.
func serve(in io.Reader, out io.Writer, shared []byte, dec media.Decoder, gone func()) error {
	s := &server{dec: dec, ring: newRing(len(shared)), shared: shared, out: bufio.NewWriter(out)}
	calls := make(chan job)
	failed := make(chan error, 1)
	go func() {
		failed <- s.listen(in, calls)
		gone()
		s.cancelAll()
		close(calls)
	}()
	err := s.say(message{kind: sayHello})
	for j := range calls {
		if err == nil {
			err = s.answer(j)
		}
		j.cancel()
	}
	if s.video != nil {
		err = errors.Join(err, s.video.Close())
	}
	if end := <-failed; !errors.Is(end, io.EOF) {
		err = errors.Join(err, end)
	}
	return err
}

// job is a call and the context that a cancellation ends.
type job struct {
	message
	ctx    context.Context
	cancel context.CancelFunc
}

// listen hands on calls, and heeds at once what comes while one is under way.
func (s *server) listen(in io.Reader, calls chan<- job) error {
	r := bufio.NewReader(in)
	for {
		m, err := readMessage(r)
		if err != nil {
			return err
		}
		switch m.kind {
		case cancelCall:
			s.stop(m.call)
		case giveCredit:
			f := fields{rest: m.body}
			n := f.count(maxPlanes)
			if err := f.end(); err != nil {
				return err
			}
			s.ring.credit(m.call, n)
		case callOpen, callClips, callFrames, callClose:
			calls <- s.begin(m)
		default:
			return fmt.Errorf("%w: kind %d", errBody, m.kind)
		}
	}
}

// begin notes the call before it is made, so that no cancellation is missed. The
// parent has read all of the call before.
func (s *server) begin(m message) job {
	ctx, cancel := context.WithCancel(context.Background())
	s.ring.begin(m.call)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.call, s.cancel = m.call, cancel
	return job{m, ctx, cancel}
}

// stop cancels the call of that number, if it is the last.
func (s *server) stop(call uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if call == s.call && s.cancel != nil {
		s.cancel()
		s.ring.end(call)
	}
}

func (s *server) cancelAll() {
	s.mu.Lock()
	call := s.call
	s.mu.Unlock()
	s.stop(call)
}

// answer makes one call and says its end.
func (s *server) answer(j job) error {
	tail, err := s.do(j.ctx, j.message)
	if errors.Is(err, errPipe) {
		return err
	}
	work := s.work()
	err = s.say(message{sayEnd, j.call, slices.Concat(appendError(nil, err), work, tail)})
	if errors.Is(err, errTooLong) {
		err = s.say(message{sayEnd, j.call, append(appendError(nil, err), work...)})
	}
	return err
}

// work is what the open video has cost so far.
func (s *server) work() []byte {
	var stats media.Stats
	if v, ok := s.video.(interface{ Stats() media.Stats }); ok {
		stats = v.Stats()
	}
	var b []byte
	for _, n := range []int{stats.Opens, stats.Seeks, stats.Frames} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

// errPipe says that the parent cannot be told anything.
var errPipe = errors.New("isolate: the parent is gone")

// errNoVideo is a call that only an open video can answer.
var errNoVideo = errors.New("isolate: no video is open")

func (s *server) do(ctx context.Context, m message) (tail []byte, err error) {
	if m.kind != callOpen && s.video == nil {
		return nil, errNoVideo
	}
	in := fields{rest: m.body}
	switch m.kind {
	case callOpen:
		return nil, s.open(ctx, m)
	case callClips:
		spans := in.spans()
		if err := in.end(); err != nil {
			return nil, err
		}
		return s.clips(ctx, m.call, spans)
	case callFrames:
		skip := in.count(1 << 40)
		if err := in.end(); err != nil {
			return nil, err
		}
		return nil, s.frames(ctx, m.call, skip)
	}
	v := s.video
	s.video = nil
	return nil, v.Close()
}

func (s *server) open(ctx context.Context, m message) error {
	if s.video != nil {
		v := s.video
		s.video = nil
		if err := v.Close(); err != nil {
			return err
		}
	}
	v, err := s.dec.Open(ctx, string(m.body))
	if err != nil {
		return err
	}
	info, err := json.Marshal(v.Info())
	if err != nil {
		return errors.Join(fmt.Errorf("isolate: description of %s: %w", m.body, err), v.Close())
	}
	s.video = v
	return s.say(message{sayOpened, m.call, append(appendTimes(nil, v.Times()), info...)})
}

// clips sends every frame once; the tail says which clip shows which.
func (s *server) clips(ctx context.Context, call uint32, spans []media.Span) (tail []byte, err error) {
	clips, err := s.video.Clips(ctx, spans...)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, c := range clips {
			c.Release()
		}
	}()
	sent := map[*media.Frame]int{}
	for _, c := range clips {
		tail = binary.AppendUvarint(tail, uint64(len(c.Frames)))
		for _, f := range c.Frames {
			at, ok := sent[f]
			if !ok {
				at = len(sent)
				sent[f] = at
				if err := s.frame(ctx, call, f); err != nil {
					return nil, err
				}
			}
			tail = binary.AppendUvarint(tail, uint64(at))
		}
	}
	return tail, nil
}

// frames sends all frames but the first skip, and errors as they come.
func (s *server) frames(ctx context.Context, call uint32, skip int) error {
	for f, err := range s.video.Frames(ctx) {
		if err == nil && skip > 0 {
			skip--
			continue
		}
		if err == nil {
			err = s.frame(ctx, call, f)
		} else {
			err = s.say(message{sayFault, call, appendError(nil, err)})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// frame puts the pixels where the parent finds them, and then says so.
func (s *server) frame(ctx context.Context, call uint32, f *media.Frame) error {
	p, ok := s.ring.take(pixels(&f.Image))
	if !ok {
		return ctx.Err()
	}
	at := p.at
	for _, plane := range f.Planes {
		if !p.inline {
			at += copy(s.shared[at:], plane)
		}
	}
	if err := writeMessage(s.out, message{sayFrame, call, appendFrame(nil, f, p)}); err != nil {
		return pipeError(err)
	}
	for _, plane := range f.Planes {
		if !p.inline {
			break
		}
		if _, err := s.out.Write(plane); err != nil {
			return pipeError(err)
		}
	}
	return pipeError(s.out.Flush())
}

// say sends a message at once.
func (s *server) say(m message) error {
	err := writeMessage(s.out, m)
	if errors.Is(err, errTooLong) {
		return err
	}
	if err == nil {
		err = s.out.Flush()
	}
	return pipeError(err)
}

func pipeError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errPipe, err)
}

func appendSpans(b []byte, spans []media.Span) []byte {
	b = binary.AppendUvarint(b, uint64(len(spans)))
	for _, s := range spans {
		for _, v := range []int{s.Start, s.N, s.Stride} {
			b = binary.AppendVarint(b, int64(v))
		}
		b = binary.AppendUvarint(appendBool(b, s.Picks != nil), uint64(len(s.Picks)))
		for _, v := range s.Picks {
			b = binary.AppendVarint(b, int64(v))
		}
	}
	return b
}

// appendTimes appends the number of frames and their times. Second differences
// are a byte each where the frame rate is constant.
func appendTimes(b []byte, times []time.Duration) []byte {
	b = binary.AppendUvarint(b, uint64(len(times)))
	var at, step time.Duration
	for _, t := range times {
		b = binary.AppendVarint(b, int64(t-at-step))
		at, step = t, t-at
	}
	return b
}

func (f *fields) times() []time.Duration {
	times := make([]time.Duration, f.count(uint64(len(f.rest))))
	var at, step time.Duration
	for i := range times {
		step += time.Duration(f.number())
		at += step
		times[i] = at
	}
	return times
}

func (f *fields) spans() []media.Span {
	n := f.count(uint64(len(f.rest)))
	spans := make([]media.Span, 0, n)
	for range n {
		s := media.Span{Start: int(f.number()), N: int(f.number()), Stride: int(f.number())}
		if listed, picks := f.bool(), f.count(uint64(len(f.rest))); listed {
			s.Picks = make([]int, picks)
		}
		for j := range s.Picks {
			s.Picks[j] = int(f.number())
		}
		spans = append(spans, s)
	}
	return spans
}
