package isolate

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/clvid/clvid/media"
)

// kind says what a message is.
type kind byte

// From the parent: calls, then what accompanies them.
const (
	callOpen   kind = iota + 1 // body: path
	callClips                  // body: spans
	callFrames                 // body: frames to pass over
	callClose
	cancelCall
	giveCredit // body: bytes of the ring that are free again
)

// From the worker.
const (
	sayHello  kind = iota + 101 // it is ready
	sayOpened                   // body: the times of all frames, Info as JSON
	sayFrame                    // body: a frame, see frame.go
	sayFault                    // body: an error of the iteration, which goes on
	sayEnd                      // body: the error of the call, if any; media.Stats; the clips of callClips
)

// maxBody bounds a message: the times of a million frames, however they vary.
const maxBody = 1 << 24

// headSize is length, kind and call.
const headSize = 4 + 1 + 4

// message is one message, see Note [Protocol].
type message struct {
	kind kind
	call uint32
	body []byte
}

var errTooLong = errors.New("message too long")

// writeMessage writes it in one piece.
func writeMessage(w io.Writer, m message) error {
	if len(m.body) > maxBody {
		return fmt.Errorf("isolate: %w: %d bytes, want at most %d: ask for fewer frames at a time", errTooLong, len(m.body), maxBody)
	}
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, headSize+len(m.body)), uint32(len(m.body)))
	b = binary.LittleEndian.AppendUint32(append(b, byte(m.kind)), m.call)
	_, err := w.Write(append(b, m.body...))
	return err
}

// readMessage reads one message. The body is the caller's.
func readMessage(r io.Reader) (message, error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return message{}, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxBody {
		return message{}, fmt.Errorf("isolate: %w: %d bytes, want at most %d", errTooLong, n, maxBody)
	}
	m := message{kind: kind(head[4]), call: binary.LittleEndian.Uint32(head[5:]), body: make([]byte, n)}
	_, err := io.ReadFull(r, m.body)
	return m, err
}

// appendText appends a string behind its length.
func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendReal(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}

// fields reads what a body holds, in order. Its first error stays.
type fields struct {
	rest []byte
	err  error
}

var errBody = errors.New("isolate: malformed message")

func (f *fields) fail() { f.rest, f.err = nil, errBody }

// count reads a number that is at most most.
func (f *fields) count(most uint64) int {
	v, n := binary.Uvarint(f.rest)
	if n <= 0 || v > most {
		f.fail()
		return 0
	}
	f.rest = f.rest[n:]
	return int(v)
}

// number reads a signed number.
func (f *fields) number() int64 {
	v, n := binary.Varint(f.rest)
	if n <= 0 {
		f.fail()
		return 0
	}
	f.rest = f.rest[n:]
	return v
}

func (f *fields) text() string {
	n := f.count(uint64(len(f.rest)))
	if n > len(f.rest) {
		f.fail()
	}
	if f.err != nil {
		return ""
	}
	s := string(f.rest[:n])
	f.rest = f.rest[n:]
	return s
}

func (f *fields) stats() media.Stats {
	const most = 1 << 40
	return media.Stats{Opens: f.count(most), Seeks: f.count(most), Frames: f.count(most)}
}

// real reads a number that is finite and small, as places in a picture are.
func (f *fields) real() float32 {
	if len(f.rest) < 4 {
		f.fail()
		return 0
	}
	v := math.Float32frombits(binary.LittleEndian.Uint32(f.rest))
	if f.rest = f.rest[4:]; !(math.Abs(float64(v)) <= maxSide) {
		f.fail()
	}
	return v
}

func (f *fields) bool() bool { return f.count(1) == 1 }

// end returns the error of all that was read; bytes that are left are one.
func (f *fields) end() error {
	if f.err == nil && len(f.rest) > 0 {
		f.fail()
	}
	return f.err
}
