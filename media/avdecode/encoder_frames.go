package avdecode

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/clvid/clvid/media"
)

// Write adds a frame, 1/FrameRate after the last one: rgb holds Height*Width*3
// bytes, rows from the top. Not for an encoder of images.
func (e *Encoder) Write(rgb []byte) error {
	switch want := 3 * e.options.Width * e.options.Height; {
	case e.failed != nil:
		return e.failed
	case e.options.Like != nil:
		return e.wrap("write", errors.New("this encoder was made for images: call WriteImage"))
	case len(rgb) != want:
		return e.wrap("write", fmt.Errorf("frame %d has %d bytes, want %dx%dx3 = %d", e.frames, len(rgb), e.options.Width, e.options.Height, want))
	}
	C.clvid_fill_rgb(e.rgb, (*C.uint8_t)(unsafe.Pointer(&rgb[0])))
	return e.add(int64(e.frames), func() error {
		return code(C.clvid_convert(&e.sws, e.rgb, e.input, e.options.pixelFormat(), C.SWS_CS_ITU601, 0))
	})
}

// WriteImage adds a picture of the kind of Like, shown at the given time from
// the start of the video, which must grow from one to the next.
func (e *Encoder) WriteImage(im *media.Image, at time.Duration) error {
	if e.failed != nil {
		return e.failed
	}
	if err := e.checkImage(im); err != nil {
		return e.wrap("write", fmt.Errorf("frame %d: %w", e.frames, err))
	}
	tick := (int64(at)/1000*ticks + 500_000) / 1_000_000
	if n := len(e.times); at < 0 || n > 0 && tick <= e.times[n-1] {
		return e.wrap("write", fmt.Errorf("frame %d is shown at %v, want a time after the last frame's", e.frames, at))
	}
	return e.add(tick, func() error { return e.fill(im) })
}

// checkImage wants the picture that the encoder was made for.
func (e *Encoder) checkImage(im *media.Image) error {
	like := e.options.Like
	if like == nil {
		return errors.New("this encoder was made for RGB bytes: set Like")
	}
	if !im.SameKind(like) {
		return fmt.Errorf("a picture of %dx%d that differs in size, planes or colour from the %dx%d that the encoder was made for", im.W, im.H, like.W, like.H)
	}
	return nil
}

// fill copies the planes into the codec's frame, which it may still hold.
func (e *Encoder) fill(im *media.Image) error {
	if err := code(C.av_frame_make_writable(e.input)); err != nil {
		return err
	}
	if im.RGB {
		e.plane(0, interleave(im), 4*im.W, 4*im.W, im.H)
		return nil
	}
	cw, ch := chromaSize(im)
	for p, data := range im.Planes {
		switch {
		case p == 0:
			e.plane(p, data, im.Strides[p], im.W, im.H)
		case data != nil:
			e.plane(p, data, im.Strides[p], cw, ch)
		}
	}
	return nil
}

func (e *Encoder) plane(p int, data []byte, stride, width, height int) {
	C.av_image_copy_plane(e.input.data[p], e.input.linesize[p], (*C.uint8_t)(unsafe.Pointer(&data[0])), C.int(stride), C.int(width), C.int(height))
}

// interleave makes B, G, R, 0 of planes, which is what FFV1 takes for RGB.
func interleave(im *media.Image) []byte {
	out := make([]byte, 4*im.W*im.H)
	for y := range im.H {
		for c := range 3 {
			row := im.Planes[c][y*im.Strides[c]:][:im.W]
			for x, v := range row {
				out[4*(y*im.W+x)+2-c] = v
			}
		}
	}
	return out
}

// add gives the codec the frame that fill makes.
func (e *Encoder) add(tick int64, fill func() error) error {
	if err := e.send(tick, fill); err != nil {
		e.failed = e.wrap(fmt.Sprintf("frame %d", e.frames), err)
		return e.failed
	}
	e.frames++
	return nil
}

func (e *Encoder) send(tick int64, fill func() error) error {
	if err := fill(); err != nil {
		return err
	}
	e.times = append(e.times, tick)
	e.input.pts = C.int64_t(e.frames)
	e.input.quality = codecPointer(e.cc).global_quality // of MPEG-4, which asks each frame
	e.input.pict_type = C.AV_PICTURE_TYPE_NONE
	if err := e.noted(func() error { return e.cc.SendFrame(e.frame) }); err != nil {
		return err
	}
	return e.mux()
}
