package apng

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"testing"
	"time"
)

// moving is a dot that moves over a slope.
func moving(n int) []*image.RGBA {
	var out []*image.RGBA
	for t := range n {
		im := image.NewRGBA(image.Rect(0, 0, 40, 30))
		for y := range 30 {
			for x := range 40 {
				im.SetRGBA(x, y, color.RGBA{byte(5 * x), byte(7 * y), 90, 255})
			}
		}
		im.SetRGBA(3+2*t, 5+t, color.RGBA{255, 0, 0, 255})
		out = append(out, im)
	}
	return out
}

// play reads an animation by itself: each frame's data as a PNG of its own,
// drawn over the last one.
func play(t *testing.T, data []byte) (frames []*image.RGBA, areas []image.Rectangle) {
	t.Helper()
	var head, body []byte
	var area image.Rectangle
	number := uint32(0)
	canvas := image.NewRGBA(image.Rect(0, 0, 40, 30))
	show := func() {
		if body == nil {
			return
		}
		ihdr := bytes.Clone(head)
		binary.BigEndian.PutUint32(ihdr, uint32(area.Dx()))
		binary.BigEndian.PutUint32(ihdr[4:], uint32(area.Dy()))
		var file bytes.Buffer
		file.Write(data[:8])
		e := &encoder{w: &file}
		e.chunk("IHDR", ihdr)
		e.chunk("IDAT", body)
		e.chunk("IEND", nil)
		im, err := png.Decode(&file)
		if err != nil {
			t.Fatal(err)
		}
		draw.Draw(canvas, area, im, image.Point{}, draw.Src)
		frame := image.NewRGBA(canvas.Rect)
		copy(frame.Pix, canvas.Pix)
		frames, areas, body = append(frames, frame), append(areas, area), nil
	}
	for rest := data[8:]; len(rest) > 0; {
		size := binary.BigEndian.Uint32(rest)
		kind, b := string(rest[4:8]), rest[8:8+size]
		rest = rest[12+size:]
		if kind == "fcTL" || kind == "fdAT" {
			if got := binary.BigEndian.Uint32(b); got != number {
				t.Fatalf("%s has number %d, want %d", kind, got, number)
			}
			number, b = number+1, b[4:]
		}
		switch kind {
		case "IHDR":
			head = b
		case "fcTL":
			show()
			var n [4]int
			for i := range n {
				n[i] = int(binary.BigEndian.Uint32(b[4*i:]))
			}
			area = image.Rect(n[2], n[3], n[2]+n[0], n[3]+n[1])
			if ms := binary.BigEndian.Uint16(b[16:]); ms != 80 {
				t.Errorf("a frame is shown for %d ms, want 80", ms)
			}
		case "IDAT", "fdAT":
			body = append(body, b...)
		}
	}
	show()
	return frames, areas
}

func TestFramesComeBack(t *testing.T) {
	want := append(moving(5), moving(5)[4]) // the last two agree
	var data bytes.Buffer
	if err := Encode(&data, want, 80*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	got, areas := play(t, data.Bytes())
	if len(got) != len(want) {
		t.Fatalf("%d frames, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i].Pix, want[i].Pix) {
			t.Errorf("frame %d differs", i)
		}
	}
	if areas[1] != image.Rect(3, 5, 6, 7) || areas[5] != image.Rect(0, 0, 1, 1) {
		t.Errorf("changed areas are %v", areas)
	}
	still, err := png.Decode(bytes.NewReader(data.Bytes()))
	if err != nil || still.Bounds() != want[0].Rect || still.At(3, 5) != (color.RGBA{255, 0, 0, 255}) {
		t.Errorf("as a still picture: %v", err)
	}
}

func TestEncodeErrors(t *testing.T) {
	small := image.NewRGBA(image.Rect(0, 0, 2, 2))
	for want, f := range map[string]func() error{
		"no frames":             func() error { return Encode(&bytes.Buffer{}, nil, time.Second) },
		"frame 0 of (0,0)-(2,2": func() error { return Encode(&bytes.Buffer{}, []*image.RGBA{small}, time.Second) },
		"1m40s a frame":         func() error { return Encode(&bytes.Buffer{}, moving(1), 100*time.Second) },
	} {
		if err := f(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	small.SetRGBA(0, 0, color.RGBA{0, 0, 0, 255})
	if err := Encode(&bytes.Buffer{}, append(moving(1), small), time.Second); err == nil {
		t.Error("frames of two sizes give no error")
	}
}
