// Package apng writes moving pictures as animated PNG: lossless, 24 bits a
// pixel, shown by every browser, and a still picture of its first frame to
// programs that know no better (W3C PNG, third edition, section 11.3.4).
package apng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"time"
)

// Encode writes frames of one size, each shown for the given time, in an endless
// loop. Of all but the first only the rectangle that changes is stored. Frames
// must be opaque.
func Encode(w io.Writer, frames []*image.RGBA, each time.Duration) error {
	if len(frames) == 0 {
		return errors.New("apng: no frames")
	}
	milliseconds := each.Milliseconds()
	if milliseconds < 1 || milliseconds > 1<<16-1 {
		return fmt.Errorf("apng: %v a frame, want 1ms to 65.535s", each)
	}
	e := &encoder{w: w, milliseconds: uint16(milliseconds)}
	for i, f := range frames {
		if f.Rect != frames[0].Rect || !f.Opaque() {
			return fmt.Errorf("apng: frame %d of %v differs in size from the first, or is not opaque", i, f.Rect)
		}
		area := f.Rect
		if i > 0 {
			area = changed(frames[i-1], f)
		}
		if err := e.frame(f, area, len(frames)); err != nil {
			return fmt.Errorf("apng: frame %d: %w", i, err)
		}
	}
	return e.chunk("IEND", nil)
}

// changed is the smallest rectangle outside of which two frames agree, one pixel
// where they agree everywhere.
func changed(a, b *image.RGBA) image.Rectangle {
	var area image.Rectangle
	width := 4 * b.Rect.Dx()
	for y := b.Rect.Min.Y; y < b.Rect.Max.Y; y++ {
		p, q := a.Pix[a.PixOffset(b.Rect.Min.X, y):][:width], b.Pix[b.PixOffset(b.Rect.Min.X, y):][:width]
		if bytes.Equal(p, q) {
			continue
		}
		from, to := 0, width
		for p[from] == q[from] {
			from++
		}
		for p[to-1] == q[to-1] {
			to--
		}
		area = area.Union(image.Rect(b.Rect.Min.X+from/4, y, b.Rect.Min.X+(to+3)/4, y+1))
	}
	if area.Empty() {
		return image.Rectangle{Min: b.Rect.Min, Max: b.Rect.Min.Add(image.Pt(1, 1))}
	}
	return area
}

// encoder writes chunks. Those of the animation are numbered.
type encoder struct {
	w            io.Writer
	milliseconds uint16
	number       uint32
}

// frame writes one picture: the chunks that Go's encoder makes of it, with the
// head of the file before the first and numbers in the others.
func (e *encoder) frame(f *image.RGBA, area image.Rectangle, total int) error {
	var data bytes.Buffer
	if err := png.Encode(&data, f.SubImage(area)); err != nil {
		return err
	}
	first := e.number == 0
	const signature = 8
	if first {
		if _, err := e.w.Write(data.Bytes()[:signature]); err != nil {
			return err
		}
	}
	for rest := data.Bytes()[signature:]; len(rest) > 0; {
		size := binary.BigEndian.Uint32(rest)
		kind, body := string(rest[4:8]), rest[8:8+size]
		rest = rest[12+size:]
		var err error
		switch {
		case kind == "IHDR":
			err = e.head(body, area.Sub(f.Rect.Min), first, total)
		case kind == "IDAT" && first:
			err = e.chunk(kind, body)
		case kind == "IDAT":
			err = e.numbered("fdAT", body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// head writes the frame's place and time, and before the first frame what the
// file is.
func (e *encoder) head(body []byte, area image.Rectangle, first bool, total int) error {
	if first {
		animation := binary.BigEndian.AppendUint32(nil, uint32(total))
		animation = binary.BigEndian.AppendUint32(animation, 0) // plays without end
		if err := errors.Join(e.chunk("IHDR", body), e.chunk("acTL", animation)); err != nil {
			return err
		}
	}
	var control []byte
	for _, n := range []int{area.Dx(), area.Dy(), area.Min.X, area.Min.Y} {
		control = binary.BigEndian.AppendUint32(control, uint32(n))
	}
	control = binary.BigEndian.AppendUint16(control, e.milliseconds)
	control = binary.BigEndian.AppendUint16(control, 1000)
	return e.numbered("fcTL", append(control, 0, 0)) // stays, and covers what was there
}

func (e *encoder) numbered(kind string, body []byte) error {
	body = append(binary.BigEndian.AppendUint32(nil, e.number), body...)
	e.number++
	return e.chunk(kind, body)
}

func (e *encoder) chunk(kind string, body []byte) error {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	out = append(append(out, kind...), body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
	_, err := e.w.Write(out)
	return err
}
