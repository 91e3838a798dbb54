package avdecode

// #cgo pkg-config: libavcodec libavformat libavutil libswscale
// #cgo CFLAGS: -std=c11 -O2
// #include "shim.h"
import "C"

import (
	"context"
	"runtime"
	"sync"
	"time"
	"unsafe"

	astiav "github.com/asticode/go-astiav"
)

// noPTS marks a packet without a presentation time.
const noPTS = int64(-1 << 63)

// formatPointer, codecPointer and packetPointer read the C pointer that
// go-astiav keeps in a private first field; a test holds that layout.
func formatPointer(fc *astiav.FormatContext) *C.AVFormatContext {
	return *(**C.AVFormatContext)(unsafe.Pointer(fc))
}

func codecPointer(cc *astiav.CodecContext) *C.AVCodecContext {
	return *(**C.AVCodecContext)(unsafe.Pointer(cc))
}

func streamPointer(s *astiav.Stream) *C.AVStream {
	return *(**C.AVStream)(unsafe.Pointer(s))
}

func packetPointer(p *astiav.Packet) *C.AVPacket {
	return *(**C.AVPacket)(unsafe.Pointer(p))
}

func framePointer(f *astiav.Frame) *C.AVFrame { return (*C.AVFrame)(f.UnsafePointer()) }

var logOnce sync.Once

// quietLog sends FFmpeg's log to the notes of this package. go-astiav's own
// callback formats into a fixed buffer without a bound.
func quietLog() { logOnce.Do(func() { C.clvid_log_install() }) }

// note keeps the first line that FFmpeg logs as an error.
type note struct{ c *C.clvid_note }

func newNote() note { return note{(*C.clvid_note)(C.av_mallocz(C.sizeof_clvid_note))} }

func (n *note) free() {
	C.av_free(unsafe.Pointer(n.c))
	n.c = nil
}

// during runs f with the note listening. The log arrives on the calling
// thread, as every decoder here has one thread.
func (n *note) during(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	C.clvid_note_begin(n.c)
	defer C.clvid_note_end()
	return f()
}

func (n *note) text() string    { return C.GoString(&n.c.text[0]) }
func (n *note) tooLarge() bool  { return n.c.too_large != 0 }
func (n *note) container() bool { return n.c.container != 0 }
func (n *note) gap() bool       { return n.c.gap != 0 }

// guard stops FFmpeg's reading by deadline or by a context.
type guard struct {
	mu sync.Mutex
	c  *C.clvid_guard
}

func newGuard() *guard { return &guard{c: C.clvid_guard_new()} }

// arm starts a deadline and ties the guard to ctx until release is called.
func (g *guard) arm(ctx context.Context, limit time.Duration) (release func() bool) {
	C.clvid_guard_arm(g.c, C.int64_t(max(limit.Microseconds(), 1)))
	return context.AfterFunc(ctx, g.stop)
}

// again moves the deadline on, for the next frame of a long iteration.
func (g *guard) again(ctx context.Context, limit time.Duration) {
	C.clvid_guard_arm(g.c, C.int64_t(max(limit.Microseconds(), 1)))
	if ctx.Err() != nil { // may have come between: arm clears the flag
		g.stop()
	}
}

func (g *guard) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.c != nil {
		C.clvid_guard_stop(g.c)
	}
}

func (g *guard) late() bool { return C.clvid_guard_late(g.c) != 0 }

func (g *guard) free() {
	g.mu.Lock()
	defer g.mu.Unlock()
	C.clvid_guard_free(g.c)
	g.c = nil
}

// check tells why work must stop, if it must.
func (g *guard) check(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if g.late() {
		return errLate
	}
	return nil
}
