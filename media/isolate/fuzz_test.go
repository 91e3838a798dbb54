package isolate

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/clvid/clvid/media"
	"github.com/clvid/clvid/media/mediatest"
)

// converse serves the messages and returns all answers.
func converse(t testing.TB, dec media.Decoder, calls ...message) []message {
	t.Helper()
	in, ask := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := serve(in, out, make([]byte, 1<<16), dec, func() {})
		out.Close()
		done <- err
	}()
	all := []message{next(t, answers)}
	for _, c := range calls {
		if err := writeMessage(ask, c); err != nil {
			t.Fatal(err)
		}
		for {
			m := next(t, answers)
			if all = append(all, m); m.kind == sayEnd {
				break
			}
		}
	}
	ask.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	return all
}

func next(t testing.TB, r io.Reader) message {
	t.Helper()
	m, err := readMessage(r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// raw is messages as they travel.
func raw(t testing.TB, messages []message) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, m := range messages {
		if err := writeMessage(&b, m); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func painted() *mediatest.Decoder {
	return &mediatest.Decoder{Movies: map[string]mediatest.Movie{
		"a": {Frames: 5}, "b": {Frames: 9, Damage: media.ErrCorrupt, DamageAt: 4}}}
}

func conversation() []message {
	return []message{
		{callOpen, 1, []byte("a")},
		{callClips, 2, appendSpans(nil, []media.Span{{Start: 1, N: 4, Stride: 2}, {N: 2, Picks: []int{3, 0}}})},
		{callFrames, 3, []byte{2}},
		{callClose, 4, nil},
		{callOpen, 5, []byte("none")},
		{callOpen, 6, []byte("b")},
		{callFrames, 7, []byte{0}},
	}
}

// FuzzAnswers reads what a worker gone wild may write: the parent must neither
// panic nor take memory without bound, and what it accepts must be a picture.
func FuzzAnswers(f *testing.F) {
	f.Add(raw(f, converse(f, painted(), conversation()...)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<18 {
			return
		}
		shared := make([]byte, 1<<12)
		var frames []*media.Frame
		for r := bytes.NewReader(data); ; {
			m, err := readMessage(r)
			if err != nil {
				return
			}
			switch m.kind {
			case sayOpened:
				(&video{path: "a"}).learn(m.body)
			case sayFrame:
				if got, block, at, err := parseFrame(m.body, len(shared)); err == nil && !at.inline {
					copy(block, shared[at.at:])
					look(t, got)
					frames = append(frames, got)
				}
			case sayFault, sayEnd:
				in := fields{rest: m.body}
				in.error()
				in.stats()
				assemble("a", []media.Span{{N: 4, Stride: 1}, {N: 2, Stride: 1}}, frames, in)
			}
		}
	})
}

// look renders an accepted picture, which reads all its planes.
func look(t *testing.T, f *media.Frame) {
	dst := make([]float32, 3*4)
	if err := f.Sample(dst, 4, media.View{W: 2, H: 2}); err != nil {
		t.Errorf("an accepted picture cannot be rendered: %v", err)
	}
}

// FuzzCalls sends a worker what no parent does. It must end without a panic.
func FuzzCalls(f *testing.F) {
	f.Add(raw(f, conversation()))
	f.Add(raw(f, append(conversation()[:3], message{giveCredit, 3, []byte{9}}, message{cancelCall, 3, nil})))
	f.Fuzz(func(t *testing.T, data []byte) {
		for r := bytes.NewReader(data); ; { // a span of a thousand million frames is a valid wish
			m, err := readMessage(r)
			if err != nil {
				break
			}
			in := fields{rest: m.body}
			for _, s := range in.spans() {
				if m.kind == callClips && s.N > 1000 {
					return
				}
			}
		}
		// A ring that holds all: nobody gives credit here.
		err := serve(bytes.NewReader(data), io.Discard, make([]byte, 1<<22), painted(), func() {})
		if errors.Is(err, errPipe) {
			t.Error(err)
		}
	})
}
