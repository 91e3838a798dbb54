package isolate

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"

	"github.com/clvid/clvid/media"
)

// kinds are the errors that callers ask for by errors.Is. Their place in the
// list is how they travel.
var kinds = []error{
	media.ErrNoVideo, media.ErrUnsupported, media.ErrCorrupt, media.ErrTooLarge, media.ErrShort, media.ErrTimeout, media.ErrCrashed, media.ErrNoSound, media.ErrHung,
	context.Canceled, context.DeadlineExceeded, fs.ErrNotExist, fs.ErrPermission,
}

// remote is an error of a worker that is none of the kinds itself: its words,
// and the kinds that it is one of.
type remote struct {
	words string
	kinds []error
}

// Error gives the words that the worker's error had.
func (r *remote) Error() string { return r.words }

// Unwrap returns the kinds, for errors.Is.
func (r *remote) Unwrap() []error { return r.kinds }

// appendError appends err, nil too: a *media.Error with its parts, any other
// with its words.
func appendError(b []byte, err error) []byte {
	if err == nil {
		return append(b, 0)
	}
	m, ok := err.(*media.Error)
	if !ok {
		return appendCause(append(b, 1), err)
	}
	b = appendText(appendText(appendText(append(b, 2), m.Path), m.Op), m.Detail)
	return appendCause(appendBool(b, m.Err != nil), m.Err)
}

// appendCause appends the kinds of err, a bit each, its words, and the report of
// damage in it.
func appendCause(b []byte, err error) []byte {
	if err == nil {
		return b
	}
	var set [2]byte
	for i, kind := range kinds {
		if errors.Is(err, kind) {
			set[i/8] |= 1 << (i % 8)
		}
	}
	b = appendText(append(b, set[:]...), err.Error())
	var report []byte
	if d := (*media.Damage)(nil); errors.As(err, &d) {
		report, _ = json.Marshal(d) // numbers and texts always become JSON
	}
	return appendText(b, string(report))
}

// error reads what appendError wrote.
func (f *fields) error() error {
	switch f.count(2) {
	case 1:
		return f.cause()
	case 2:
		m := &media.Error{Path: f.text(), Op: f.text(), Detail: f.text()}
		if f.bool() {
			m.Err = f.cause()
		}
		return m
	}
	return nil
}

// cause returns a kind or a report itself where the error was one.
func (f *fields) cause() error {
	if len(f.rest) < 2 {
		f.fail()
		return errBody
	}
	set := [2]byte(f.rest)
	f.rest = f.rest[2:]
	r, report := &remote{words: f.text()}, f.text()
	for i, kind := range kinds {
		if set[i/8]&(1<<(i%8)) != 0 {
			r.kinds = append(r.kinds, kind)
		}
	}
	if report != "" {
		d := new(media.Damage)
		if json.Unmarshal([]byte(report), d) != nil {
			f.fail()
		}
		r.kinds = append([]error{d}, r.kinds...)
	}
	if len(r.kinds) > 0 && r.kinds[0].Error() == r.words {
		return r.kinds[0]
	}
	return r
}
