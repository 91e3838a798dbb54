package avdecode

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// hugePNG is a valid header that announces w x h pixels, and no more.
func hugePNG(w, h uint32) []byte {
	head := append([]byte("IHDR"), binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)...)
	head = append(head, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
	body := append([]byte("IDAT"), 0x78, 0x9c)
	out = append(binary.BigEndian.AppendUint32(out, 2), body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, path string
		kind       error
		words      string
	}{
		{"missing", filepath.Join(dir, "none.mp4"), fs.ErrNotExist, "no such file"},
		{"folder", dir, media.ErrUnsupported, "it is a folder"},
		{"pipe", pipe, media.ErrUnsupported, "no regular file"},
		{"device", "/dev/null", media.ErrUnsupported, "no regular file"},
		{"empty", write("empty.mp4", nil), media.ErrCorrupt, "the file is empty"},
		{"text", write("text.mp4", []byte(strings.Repeat("A line of words.\n", 50))), media.ErrUnsupported, "plain text"},
		{"noise", write("noise.mp4", []byte(strings.Repeat("\x01\xfe\x00\x80", 999))), media.ErrCorrupt, ""},
		{"playlist", write("list.txt", []byte("ffconcat version 1.0\nfile empty.mp4\n")), media.ErrUnsupported, "plain text"},
		{"huge", write("huge.png", hugePNG(60000, 60000)), media.ErrTooLarge, "at most 16777216 pixels"},
		{"pattern", write("a%d.bin", []byte(strings.Repeat("\x01\xfe\x00\x80", 999))), media.ErrCorrupt, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := plain().Open(t.Context(), tc.path)
			var e *media.Error
			if !errors.Is(err, tc.kind) || !errors.As(err, &e) || e.Path != tc.path || !strings.Contains(err.Error(), tc.words) {
				t.Errorf("error %v, want %v with %q", err, tc.kind, tc.words)
			}
		})
	}
}

func small(t *testing.T, frames int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "small.mp4")
	encode(t, path, EncodeOptions{Width: 64, Height: 48, Codec: "mpeg4", GOP: 8}, frames, func(n int) []byte { return gradient(64, 48, n) })
	return path
}

func TestPixelLimit(t *testing.T) {
	path := small(t, 4)
	_, err := New(Options{IndexCache: "off", Pixels: 64*48 - 1}).Open(t.Context(), path)
	if !errors.Is(err, media.ErrTooLarge) || !strings.Contains(err.Error(), "64x48") {
		t.Errorf("error %v", err)
	}
	if _, err := New(Options{IndexCache: "off", Pixels: 64 * 48}).Open(t.Context(), path); err != nil {
		t.Error(err)
	}
}

func TestTimeLimit(t *testing.T) {
	path := small(t, 40)
	_, err := New(Options{IndexCache: "off", Timeout: time.Nanosecond}).Open(t.Context(), path)
	if !errors.Is(err, media.ErrTimeout) || !strings.Contains(err.Error(), "more than 1ns") {
		t.Errorf("open: %v", err)
	}
	v := open(t, plain(), path)
	v.decoder.options.Timeout = time.Microsecond
	if _, err := v.Clips(t.Context(), media.Span{N: 40, Stride: 1}); !errors.Is(err, media.ErrTimeout) {
		t.Errorf("clips: %v", err)
	}
	v.decoder.options.Timeout = time.Minute
	if _, err := v.Clips(t.Context(), media.Span{N: 40, Stride: 1}); err != nil {
		t.Errorf("after a timeout: %v", err)
	}
}

func TestCancel(t *testing.T) {
	path := small(t, 40)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	v := open(t, plain(), path)
	n := 0
	for _, err := range v.Frames(ctx) {
		if err != nil {
			if !errors.Is(err, context.Canceled) || n != 3 {
				t.Errorf("after %d frames: %v", n, err)
			}
			break
		}
		if n++; n == 3 {
			cancel()
		}
	}
	if _, err := v.Clips(ctx, media.Span{N: 1, Stride: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("clips: %v", err)
	}
	if _, err := plain().Open(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
	for range v.Frames(t.Context()) {
		break // must leave the video usable
	}
	if _, err := v.Clips(t.Context(), media.Span{N: 40, Stride: 1}); err != nil {
		t.Errorf("after a break: %v", err)
	}
}

func TestSpanErrors(t *testing.T) {
	v := open(t, plain(), small(t, 4))
	for _, s := range []media.Span{{Start: -1, N: 1, Stride: 1}, {N: 0, Stride: 1}, {N: 1}} {
		if _, err := v.Clips(t.Context(), s); err == nil || !strings.Contains(err.Error(), "bad span: number 0 of 1: media: span ") {
			t.Errorf("span %+v: %v", s, err)
		}
	}
	clips, err := v.Clips(t.Context())
	if err != nil || len(clips) != 0 {
		t.Errorf("no spans: %v, %v", clips, err)
	}
	clips, err = v.Clips(t.Context(), media.Span{Start: 9, N: 6, Stride: 1})
	if err != nil || clips[0].Frames[0].Index != 1 || clips[0].Frames[3].Index != 0 {
		t.Errorf("a span past the end does not wrap: %v, %v", clips, err)
	}
}

// TestNoGrowth opens, decodes and closes, and counts memory and goroutines.
func TestNoGrowth(t *testing.T) {
	path, broken := small(t, 12), filepath.Join(t.TempDir(), "broken.mp4")
	if err := os.WriteFile(broken, []byte(strings.Repeat("\x00\x00\x00\x08moov", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	d := plain()
	cycle := func(n int) {
		for range n {
			v, err := d.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			d.indexes.byPath = map[string]remembered{} // so that each open scans
			if _, err := v.Clips(t.Context(), media.Span{Start: 5, N: 4, Stride: 2}); err != nil {
				t.Fatal(err)
			}
			v.Close()
			if _, err := d.Open(t.Context(), broken); err == nil {
				t.Fatal("a broken file opens")
			}
		}
	}
	cycle(50)
	before, goroutines := resident(t), runtime.NumGoroutine()
	cycle(200)
	// One leaked demuxer holds more than 100 kB, so 200 hold 20 MB; Go's heap
	// alone moves the figure by a few.
	if grown := resident(t) - before; grown > 8<<20 {
		t.Errorf("resident memory grew by %d kB in 200 cycles", grown>>10)
	}
	noneLeft(t, goroutines)
}

// noneLeft waits for goroutines that have handed over their result to end.
func noneLeft(t *testing.T, before int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines after, %d before", runtime.NumGoroutine(), before)
}

// resident is the process's memory after a collection, in bytes.
func resident(t *testing.T) int64 {
	t.Helper()
	runtime.GC()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc to read memory from")
	}
	var total, pages int64
	if _, err := fmt.Sscan(string(data), &total, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// TestAstiavLayout holds what formatPointer and its kin rely on.
func TestAstiavLayout(t *testing.T) {
	f := astiav.AllocFrame()
	defer f.Free()
	if unsafe.Pointer(framePointer(f)) != *(*unsafe.Pointer)(unsafe.Pointer(f)) {
		t.Error("a frame's first field is not its C pointer")
	}
	fc := astiav.AllocFormatContext()
	defer fc.Free()
	fc.SetFlags(astiav.FormatContextFlags(0x123))
	if formatPointer(fc).flags != 0x123 {
		t.Error("a format context's first field is not its C pointer")
	}
	cc := astiav.AllocCodecContext(nil)
	defer cc.Free()
	cc.SetWidth(321)
	if codecPointer(cc).width != 321 {
		t.Error("a codec context's first field is not its C pointer")
	}
	p := astiav.AllocPacket()
	defer p.Free()
	p.SetPts(4321)
	if packetPointer(p).pts != 4321 {
		t.Error("a packet's first field is not its C pointer")
	}
	st := fc.NewStream(nil)
	st.SetID(77)
	if streamPointer(st).id != 77 {
		t.Error("a stream's first field is not its C pointer")
	}
}
