package avdecode

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// errLate is the guard's deadline; fail turns it into media.ErrTimeout.
var errLate = errors.New("deadline passed")

// failure is a kind of error and its details, before path and operation are
// known.
type failure struct {
	kind   error
	detail string
}

// Error is the kind and the details, for messages without a path.
func (f *failure) Error() string { return f.kind.Error() + ": " + f.detail }

// Unwrap returns the kind, so that errors.Is finds media.ErrCorrupt and the like.
func (f *failure) Unwrap() error { return f.kind }

// fail gives err the path and the operation. Context errors keep their kind.
func fail(path, op string, o Options, err error) error {
	var done *media.Error
	var f *failure
	var d *media.Damage
	switch {
	case err == nil:
		return nil
	case errors.As(err, &done):
		return err
	case errors.As(err, &d):
		return &media.Error{Path: path, Op: op, Err: d}
	case errors.As(err, &f):
		return &media.Error{Path: path, Op: op, Detail: f.detail, Err: f.kind}
	case errors.Is(err, errAbandoned):
		return &media.Error{Path: path, Op: op, Err: media.ErrTimeout,
			Detail: fmt.Sprintf("FFmpeg did not come back within %s and some grace, and was given up with all it holds", o.Timeout)}
	case errors.Is(err, errLate):
		return &media.Error{Path: path, Op: op, Err: media.ErrTimeout,
			Detail: fmt.Sprintf("more than %s: raise the timeout or set the file aside", o.Timeout)}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &media.Error{Path: path, Op: op, Err: err}
	}
	return &media.Error{Path: path, Op: op, Err: media.ErrCorrupt, Detail: err.Error()}
}

// code turns an FFmpeg return value into an error.
func code(ret C.int) error {
	if ret >= 0 {
		return nil
	}
	return astiav.Error(ret)
}

// inputError explains why a container could not be opened.
func (s *session) inputError(ctx context.Context, path string, err error) error {
	if stop := s.guard.check(ctx); stop != nil {
		return stop
	}
	var told *failure
	detail := s.explain(err)
	switch {
	case errors.As(err, &told):
		return err
	case isText(path):
		return &failure{media.ErrUnsupported, "the file is plain text, neither video nor image"}
	case isTar(path):
		return &failure{media.ErrUnsupported, "it is a tar file: name a video in it, as in shard.tar#clip.mp4"}
	case s.note.tooLarge():
		return &failure{media.ErrTooLarge, detail}
	case errors.Is(err, astiav.Error(-C.EINVAL)):
		return &failure{media.ErrUnsupported, detail}
	}
	return &failure{media.ErrCorrupt, detail}
}

// isTar tells whether a file begins as tar files since 1988 do.
func isTar(path string) bool {
	const at, magic = 257, "ustar"
	head := fileHead(path, at+len(magic))
	return len(head) == at+len(magic) && string(head[at:]) == magic
}

// isText tells whether the head of a file is printable UTF-8.
func isText(path string) bool {
	head := fileHead(path, 1024)
	for i := 0; i < len(head); {
		r, size := utf8.DecodeRune(head[i:])
		if r == utf8.RuneError && size == 1 && len(head)-i >= utf8.UTFMax {
			return false
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' {
			return false
		}
		i += size
	}
	return len(head) > 0
}

// animatedWebP tells whether a file is one (RFC 9649, 2.7.1).
func animatedWebP(path string) bool {
	const flags, animation = 20, 1 << 1
	head := fileHead(path, flags+1)
	return len(head) > flags && string(head[:4]) == "RIFF" && string(head[8:16]) == "WEBPVP8X" && head[flags]&animation != 0
}

// fileHead reads up to n bytes at the start of a path's file; less, or none,
// where that fails.
func fileHead(path string, n int) []byte {
	src, err := regular(path)
	if err != nil {
		return nil
	}
	f, err := os.Open(src.file)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, min(int64(n), src.size))
	got, _ := io.ReadFull(io.NewSectionReader(f, src.offset, src.size), head)
	return head[:got]
}

// at writes a place in a video: frame 30 (1.200 s).
func at(frame int, t time.Duration) string {
	return fmt.Sprintf("frame %d (%.3f s)", frame, t.Seconds())
}
