package avdecode

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	astiav "github.com/asticode/go-astiav"

	"github.com/clvid/clvid/media"
)

// Encoder writes frames to a file: MP4, or Matroska of ffv1. RGB comes out as
// 4:2:0 of BT.601 in limited range (as it is in ffv1), images as their planes
// are, with their own matrix and range; either is tagged so. Equal frames and
// options give equal bytes with one build of FFmpeg: one thread, no dates or
// versions in the file.
type Encoder struct {
	path, temp string
	options    EncodeOptions
	encoder    string // FFmpeg's name
	frames     int
	times      []int64 // of each frame, in units of the stream; codecs count frames
	failed     error   // the first error; later calls repeat it

	fc     *astiav.FormatContext
	io     *astiav.IOContext
	cc     *astiav.CodecContext
	stream *astiav.Stream
	packet *astiav.Packet
	note   note

	sws   *C.struct_SwsContext
	rgb   *C.AVFrame // what Write was given
	input *C.AVFrame // what the codec is given
	frame *astiav.Frame
}

// NewEncoder starts a file. Nothing appears at path until Close.
func NewEncoder(path string, o EncodeOptions) (*Encoder, error) {
	quietLog()
	encoder, err := o.complete()
	if err != nil {
		return nil, err
	}
	e := &Encoder{path: path, options: o, encoder: encoder, note: newNote(), packet: astiav.AllocPacket()}
	if err := e.start(); err != nil {
		e.abandon()
		return nil, e.wrap("start", err)
	}
	return e, nil
}

// Codec is what the file holds, as FindEncoder told.
func (e *Encoder) Codec() string { return e.options.Codec }

func (e *Encoder) wrap(op string, err error) error {
	return &media.Error{Path: e.path, Op: "encode", Detail: op, Err: err}
}

func (e *Encoder) start() error {
	if err := e.openCodec(); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(e.path), ".encoding-*"+Extension(e.options.Codec))
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

func (e *Encoder) openCodec() error {
	o := &e.options
	codec := astiav.FindEncoderByName(e.encoder)
	e.cc = astiav.AllocCodecContext(codec)
	e.cc.SetWidth(o.Width)
	e.cc.SetHeight(o.Height)
	e.cc.SetPixelFormat(astiav.PixelFormat(o.pixelFormat()))
	e.cc.SetTimeBase(astiav.NewRational(1, o.FrameRate))
	e.cc.SetFramerate(astiav.NewRational(o.FrameRate, 1))
	e.cc.SetGopSize(o.GOP)
	e.cc.SetThreadCount(1)
	e.cc.SetFlags(astiav.NewCodecContextFlags(astiav.CodecContextFlagBitexact, astiav.CodecContextFlagGlobalHeader))
	c := codecPointer(e.cc)
	o.tag(c)
	settings := astiav.NewDictionary()
	defer settings.Free()
	for key, value := range o.settings(e.encoder, c) {
		if err := settings.Set(key, value, 0); err != nil {
			return err
		}
	}
	return e.noted(func() error { return e.cc.Open(codec, settings) })
}

func (e *Encoder) openFile() (err error) {
	if e.fc, err = astiav.AllocOutputFormatContext(nil, e.container(), ""); err != nil {
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
	e.stream.SetTimeBase(e.timeBase())
	e.stream.SetAvgFrameRate(e.cc.Framerate())
	if e.io, err = openWriting("file:" + e.temp); err != nil {
		return err
	}
	e.fc.SetPb(e.io)
	return e.noted(func() error { return e.fc.WriteHeader(nil) })
}

func (e *Encoder) container() string {
	if e.options.Codec == CodecFFV1 {
		return "matroska" // which keeps whole milliseconds
	}
	return "mp4"
}

// timeBase is the unit of times.
func (e *Encoder) timeBase() astiav.Rational {
	if e.options.Like != nil {
		return astiav.NewRational(1, ticks)
	}
	return astiav.NewRational(1, e.options.FrameRate)
}

// allocFrames makes the frame of Write's bytes, where there will be any.
func (e *Encoder) allocFrames() error {
	e.frame = astiav.AllocFrame()
	e.input = framePointer(e.frame)
	if e.options.Like != nil {
		e.input.width, e.input.height, e.input.format = C.int(e.options.Width), C.int(e.options.Height), e.options.pixelFormat()
		return code(C.av_frame_get_buffer(e.input, 0))
	}
	e.rgb = C.av_frame_alloc()
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

// mux writes the packets that are ready. Codecs count frames, as MPEG-4 bears
// no fine time base; here the counts become times.
func (e *Encoder) mux() error {
	for {
		err := e.noted(func() error { return e.cc.ReceivePacket(e.packet) })
		if errors.Is(err, astiav.ErrEagain) || errors.Is(err, astiav.ErrEof) {
			return nil
		}
		if err != nil {
			return err
		}
		pts := e.packet.Pts()
		e.packet.SetStreamIndex(e.stream.Index())
		e.packet.SetDuration(e.duration(pts))
		e.packet.SetPts(e.time(pts))
		e.packet.SetDts(e.time(e.packet.Dts()))
		e.packet.RescaleTs(e.timeBase(), e.stream.TimeBase())
		if err := e.noted(func() error { return e.fc.WriteInterleavedFrame(e.packet) }); err != nil {
			return err
		}
	}
}

// time is when frame n is shown. Reordered packets are decoded before the first
// frame is shown, a mean frame apart.
func (e *Encoder) time(n int64) int64 {
	switch last := int64(len(e.times)) - 1; {
	case n > last:
		return e.times[last] + (n-last)*e.duration(last)
	case n < 0:
		return e.times[0] + n*e.duration(0)
	}
	return e.times[n]
}

// duration is how long frame n is shown; the last one as long as that before.
func (e *Encoder) duration(n int64) int64 {
	last := int64(len(e.times)) - 1
	if n = min(n, last-1); n < 0 {
		unit := e.timeBase()
		return int64(unit.Den() / e.options.FrameRate)
	}
	return e.times[n+1] - e.times[n]
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
	if e.frame != nil {
		e.frame.Free()
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
