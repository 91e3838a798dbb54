package media

import (
	"errors"
	"strings"
)

// The ways in which a file fails; test with errors.Is.
var (
	ErrNoVideo     = errors.New("no video stream")
	ErrNoSound     = errors.New("no sound stream")
	ErrUnsupported = errors.New("unsupported")
	ErrCorrupt     = errors.New("corrupt data")
	ErrTooLarge    = errors.New("over size limit")
	ErrShort       = errors.New("video too short")
	ErrTimeout     = errors.New("time limit exceeded")
	// ErrHung ends a run: decoders were given up that cannot be stopped.
	ErrHung    = errors.New("decoders hang")
	ErrCrashed = errors.New("decoder crashed")
)

// Error says which file failed, in what, and why.
type Error struct {
	Path   string // the file
	Op     string // what was being done: open, index, clip, frames
	Detail string // place, value, bound, remedy; may be empty
	Err    error  // what kind of failure, often one of the values above
}

// Error reads "media: clip a.mp4: corrupt data: 12 of 89 frames are sound".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("media: " + e.Op)
	if e.Path != "" {
		b.WriteString(" " + e.Path)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	return b.String()
}

// Unwrap returns the kind of failure.
func (e *Error) Unwrap() error { return e.Err }
