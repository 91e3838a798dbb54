package avdecode

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"unsafe"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// EncodeOptions describe the file that an Encoder writes.
type EncodeOptions struct {
	Width, Height int    // even, in pixels
	FrameRate     int    // frames per second; 0 means 25
	Codec         string // "h264" or "mpeg4"; "" means h264, or mpeg4 where libx264 is missing
	Quality       int    // CRF of h264 (1..51), quantiser of mpeg4 (1..31); 0 means 20 or 3
	GOP           int    // frames from one key frame to the next; 0 means 16
}

// maxSide is the longest side that every MP4 codec here takes.
const maxSide = 8192

// complete fills in defaults and refuses what no encoder can do.
func (o EncodeOptions) complete() (EncodeOptions, error) {
	if o.FrameRate == 0 {
		o.FrameRate = 25
	}
	if o.GOP == 0 {
		o.GOP = 16
	}
	switch {
	case o.Width < 2 || o.Height < 2 || o.Width > maxSide || o.Height > maxSide || o.Width%2 != 0 || o.Height%2 != 0:
		return o, fmt.Errorf("avdecode: encoder: size %dx%d: want even numbers from 2 to %d", o.Width, o.Height, maxSide)
	case o.FrameRate < 1 || o.FrameRate > 1000:
		return o, fmt.Errorf("avdecode: encoder: frame rate %d: want 1 to 1000", o.FrameRate)
	case o.GOP < 1:
		return o, fmt.Errorf("avdecode: encoder: GOP %d: want at least 1", o.GOP)
	}
	return o, o.completeCodec()
}

func (o *EncodeOptions) completeCodec() error {
	best, quality := 51, 20
	switch o.Codec {
	case "":
		o.Codec = "h264"
		if astiav.FindEncoderByName("libx264") == nil {
			o.Codec = "mpeg4"
			return o.completeCodec()
		}
	case "h264":
	case "mpeg4":
		best, quality = 31, 3
	default:
		return fmt.Errorf("avdecode: encoder: codec %q: want h264 or mpeg4", o.Codec)
	}
	if o.Quality == 0 {
		o.Quality = quality
	}
	if o.Quality < 1 || o.Quality > best {
		return fmt.Errorf("avdecode: encoder: quality %d of %s: want 1 (best) to %d", o.Quality, o.Codec, best)
	}
	return nil
}

// Encoder writes RGB frames to an MP4 file: yuv420p, BT.601, limited range,
// tagged as such. Equal frames and options give equal bytes with one build of
// FFmpeg: one thread, no times or versions in the file.
type Encoder struct {
	path, temp string
	options    EncodeOptions
	frames     int
	failed     error // the first error; later calls repeat it

	fc     *astiav.FormatContext
	io     *astiav.IOContext
	cc     *astiav.CodecContext
	stream *astiav.Stream
	packet *astiav.Packet
	note   note

	sws      *C.struct_SwsContext
	rgb, yuv *C.AVFrame
	yuvFrame *astiav.Frame
}

// NewEncoder starts a file. Nothing appears at path until Close.
func NewEncoder(path string, o EncodeOptions) (*Encoder, error) {
	quietLog()
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	e := &Encoder{path: path, options: o, note: newNote(), packet: astiav.AllocPacket()}
	if err := e.start(); err != nil {
		e.abandon()
		return nil, e.wrap("start", err)
	}
	return e, nil
}

func (e *Encoder) wrap(op string, err error) error {
	return &media.Error{Path: e.path, Op: "encode", Detail: op, Err: err}
}

func (e *Encoder) start() error {
	if err := e.openCodec(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(e.path), ".encoding-*.mp4")
	if err != nil {
		return err
	}
	e.temp = temp.Name()
	if err := errors.Join(temp.Chmod(0o644), temp.Close()); err != nil {
		return err
	}
	if err := e.openFile(); err != nil {
		return err
	}
	return e.allocFrames()
}

// openCodec opens libx264 or FFmpeg's own MPEG-4 encoder.
func (e *Encoder) openCodec() error {
	o := e.options
	name := map[string]string{"h264": "libx264", "mpeg4": "mpeg4"}[o.Codec]
	codec := astiav.FindEncoderByName(name)
	if codec == nil {
		return fmt.Errorf("this FFmpeg has no encoder %s: choose the codec mpeg4", name)
	}
	e.cc = astiav.AllocCodecContext(codec)
	e.cc.SetWidth(o.Width)
	e.cc.SetHeight(o.Height)
	e.cc.SetPixelFormat(astiav.PixelFormatYuv420P)
	e.cc.SetTimeBase(astiav.NewRational(1, o.FrameRate))
	e.cc.SetFramerate(astiav.NewRational(o.FrameRate, 1))
	e.cc.SetGopSize(o.GOP)
	e.cc.SetThreadCount(1)
	e.cc.SetFlags(astiav.NewCodecContextFlags(astiav.CodecContextFlagBitexact, astiav.CodecContextFlagGlobalHeader))
	c := codecPointer(e.cc)
	c.color_range, c.colorspace = C.AVCOL_RANGE_MPEG, C.AVCOL_SPC_SMPTE170M
	c.color_primaries, c.color_trc = C.AVCOL_PRI_SMPTE170M, C.AVCOL_TRC_SMPTE170M
	settings := astiav.NewDictionary()
	defer settings.Free()
	for key, value := range e.settings() {
		if err := settings.Set(key, value, 0); err != nil {
			return err
		}
	}
	return e.noted(func() error { return e.cc.Open(codec, settings) })
}

// settings are the options private to a codec.
func (e *Encoder) settings() map[string]string {
	q := strconv.Itoa(e.options.Quality)
	if e.options.Codec == "h264" {
		// The vector code of x264's macroblock tree does not repeat itself: without
		// the last setting, or mbtree=0, equal frames give one of dozens of files.
		return map[string]string{"crf": q, "preset": "medium", "x264-params": "cpu-independent=1"}
	}
	c := codecPointer(e.cc)
	c.flags |= C.AV_CODEC_FLAG_QSCALE
	c.global_quality = C.int(e.options.Quality) * C.FF_QP2LAMBDA
	c.qmin = 1 // by default FFmpeg raises 1 to 2
	return nil
}

func (e *Encoder) openFile() (err error) {
	if e.fc, err = astiav.AllocOutputFormatContext(nil, "mp4", ""); err != nil {
		return err
	}
	e.fc.SetFlags(astiav.NewFormatContextFlags(astiav.FormatContextFlagBitexact))
	e.stream = e.fc.NewStream(nil)
	if e.stream == nil {
		return errors.New("no memory for a stream")
	}
	if err := e.stream.CodecParameters().FromCodecContext(e.cc); err != nil {
		return err
	}
	e.stream.SetTimeBase(e.cc.TimeBase())
	e.stream.SetAvgFrameRate(e.cc.Framerate())
	if e.io, err = astiav.OpenIOContext("file:"+e.temp, astiav.NewIOContextFlags(astiav.IOContextFlagWrite)); err != nil {
		return err
	}
	e.fc.SetPb(e.io)
	if err := e.noted(func() error { return e.fc.WriteHeader(nil) }); err != nil {
		return err
	}
	return nil
}

func (e *Encoder) allocFrames() error {
	e.rgb = C.av_frame_alloc()
	e.yuvFrame = astiav.AllocFrame()
	e.yuv = framePointer(e.yuvFrame)
	e.rgb.width, e.rgb.height, e.rgb.format = C.int(e.options.Width), C.int(e.options.Height), C.AV_PIX_FMT_RGB24
	return code(C.av_frame_get_buffer(e.rgb, 0))
}

// noted runs f and adds FFmpeg's own words to its error.
func (e *Encoder) noted(f func() error) error {
	err := e.note.during(f)
	if text := e.note.text(); err != nil && text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// Write adds a frame: rgb holds Height*Width*3 bytes, rows from the top.
func (e *Encoder) Write(rgb []byte) error {
	if e.failed != nil {
		return e.failed
	}
	if want := 3 * e.options.Width * e.options.Height; len(rgb) != want {
		return e.wrap("write", fmt.Errorf("frame %d has %d bytes, want %dx%dx3 = %d", e.frames, len(rgb), e.options.Width, e.options.Height, want))
	}
	if err := e.write(rgb); err != nil {
		e.failed = e.wrap(fmt.Sprintf("frame %d", e.frames), err)
		return e.failed
	}
	e.frames++
	return nil
}

func (e *Encoder) write(rgb []byte) error {
	C.clvid_fill_rgb(e.rgb, (*C.uint8_t)(unsafe.Pointer(&rgb[0])))
	if err := code(C.clvid_convert(&e.sws, e.rgb, e.yuv, C.AV_PIX_FMT_YUV420P, C.SWS_CS_ITU601, 0)); err != nil {
		return err
	}
	e.yuv.pts = C.int64_t(e.frames)
	e.yuv.quality = codecPointer(e.cc).global_quality // of MPEG-4, which asks each frame
	if err := e.noted(func() error { return e.cc.SendFrame(e.yuvFrame) }); err != nil {
		return err
	}
	return e.mux()
}

// mux writes the packets that are ready.
func (e *Encoder) mux() error {
	for {
		err := e.noted(func() error { return e.cc.ReceivePacket(e.packet) })
		if errors.Is(err, astiav.ErrEagain) || errors.Is(err, astiav.ErrEof) {
			return nil
		}
		if err != nil {
			return err
		}
		e.packet.SetStreamIndex(e.stream.Index())
		e.packet.SetDuration(1)
		e.packet.RescaleTs(e.cc.TimeBase(), e.stream.TimeBase())
		if err := e.noted(func() error { return e.fc.WriteInterleavedFrame(e.packet) }); err != nil {
			return err
		}
	}
}

// Close finishes the file and gives it its name. After a failed Write, or
// without a frame, it removes what was written and returns an error. A second
// call returns nil.
func (e *Encoder) Close() error {
	if e.packet == nil {
		return nil
	}
	defer e.abandon()
	switch {
	case e.failed != nil:
		return e.failed
	case e.frames == 0:
		return e.wrap("close", errors.New("no frame was written"))
	}
	if err := e.finish(); err != nil {
		return e.wrap("close", err)
	}
	return nil
}

func (e *Encoder) finish() error {
	if err := e.noted(func() error { return e.cc.SendFrame(nil) }); err != nil {
		return err
	}
	if err := e.mux(); err != nil {
		return err
	}
	if err := e.noted(e.fc.WriteTrailer); err != nil {
		return err
	}
	err := e.io.Close()
	e.io = nil
	if err != nil {
		return err
	}
	if err := syncFile(e.temp); err != nil {
		return err
	}
	if err := os.Rename(e.temp, e.path); err != nil {
		return err
	}
	e.temp = ""
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// abandon frees everything and removes an unfinished file.
func (e *Encoder) abandon() {
	C.sws_freeContext(e.sws)
	C.av_frame_free(&e.rgb)
	if e.yuvFrame != nil {
		e.yuvFrame.Free()
	}
	if e.cc != nil {
		e.cc.Free()
	}
	if e.io != nil {
		e.io.Close()
	}
	if e.fc != nil {
		e.fc.Free()
	}
	if e.packet != nil {
		e.packet.Free()
	}
	e.note.free()
	if e.temp != "" {
		os.Remove(e.temp)
	}
	*e = Encoder{path: e.path, failed: e.failed}
	if e.failed == nil {
		e.failed = e.wrap("write", errors.New("the encoder is closed"))
	}
}
